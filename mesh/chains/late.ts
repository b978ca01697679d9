// What filters have in the late part: each body, and nothing that a call needs which has none of it.
import { admit } from "../filters/guard/admit.ts";
import { judge } from "../filters/authorize/judge.ts";
import { judgeEdge, judgeOwn } from "../filters/authorize/judge-outside.ts";
import { spread } from "../filters/balance/spread.ts";
import { own } from "../filters/breaker/own.ts";
import { settle } from "../filters/breaker/settle.ts";
import { covered } from "../filters/authenticate/covered.ts";
import { checkAnswer } from "../filters/dispatch/check-answer.ts";
import { proveRequest } from "../filters/prove/prove-request.ts";
import { once } from "../filters/replay/once.ts";
import { share } from "../filters/cors/share.ts";
import { inject } from "../filters/fault/inject.ts";
import { copy } from "../filters/mirror/copy.ts";
import { repeat } from "../filters/retry/repeat.ts";
import { winner } from "../filters/route/winner.ts";
import { derive } from "../filters/cohort/derive.ts";
import { keep } from "../filters/session/keep.ts";
import { order } from "../filters/split/order.ts";
import type { Late } from "../pipeline/late.ts";
import { transformed } from "../pipeline/transform.ts";

export const lateFilters: Omit<
  Late,
  "createOutward" | "requests" | "createTracer" | "createTrouble"
> = {
  proveRequest, // a proof of this one request
  checkAnswer, // its answer's proof
  covered, // what it must have covered
  replay: once, // good once, with its own body
  route: winner, // the rule of a service's routes
  split: order, // several backends
  session: keep, // a client and its endpoint
  cohort: derive, // a user known by the request
  repeat, // attempts after the first
  settleCircuit: settle, // those that did not plainly end well
  ownBreaker: own, // breaker policies of a service
  authorize: judge, // policies that select this Worker
  authorizeEdge: judgeEdge, // policies that select a Gateway
  authorizeOwn: judgeOwn, // who comes by this Worker's own routes
  guard: admit, // nonces of strict calls
  cors: share, // preflights, and who may read an answer
  fault: inject, // delays and aborts
  transform: transformed, // headers, URL and redirects, of a rule and of a backend
  balance: spread, // several endpoints
  mirror: copy, // copies for other backends
};
