// THE REQUEST PATH, on the way out: what happens to each call an application makes. Outermost first.
import { attempt } from "../filters/attempt/attempt.ts";
import { balance } from "../filters/balance/balance.ts";
import { breaker } from "../filters/breaker/breaker.ts";
import { cohort } from "../filters/cohort/cohort.ts";
import { cors } from "../filters/cors/cors.ts";
import { deadline } from "../filters/deadline/deadline.ts";
import { dispatch } from "../filters/dispatch/dispatch.ts";
import { discover } from "../filters/discover/discover.ts";
import { fault } from "../filters/fault/fault.ts";
import { limit } from "../filters/limit/limit.ts";
import { mirror } from "../filters/mirror/mirror.ts";
import { observe } from "../filters/observe/observe.ts";
import { prove } from "../filters/prove/prove.ts";
import { rescue } from "../filters/rescue/rescue.ts";
import { retry } from "../filters/retry/retry.ts";
import { route } from "../filters/route/route.ts";
import { session } from "../filters/session/session.ts";
import { split } from "../filters/split/split.ts";
import { transformBackend } from "../filters/transform-backend/transform-backend.ts";
import { transform } from "../filters/transform/transform.ts";
import type { OutboundCall } from "../pipeline/call.ts";
import type { Chain } from "../pipeline/filter.ts";

export const outbound: Chain<OutboundCall> = {
  name: "outbound",
  filters: [
    observe, // what the application saw, local replies included
    rescue, // the one place a refusal becomes an answer
    deadline, // bounds everything below, retries included
    discover, // service name to its part of the table, in memory
    route, // the winning rule and its policies
    cohort, // the entry event's release decision
    cors, // preflights end here
    fault, // before retry, so that what is injected is not tried again
    transform, // the rule's headers, URL and redirects
    session, // a client and its endpoint
    split, // backends in order, once per call
    mirror, // copies go the rest of the way
    retry, // repeats everything below, next backend first
    attempt, // one try: its end, its figures
    transformBackend, // the backendRef's headers and URL
    limit, // bulkhead per backend, per attempt
    balance, // the endpoint, among those reachable
    breaker, // its circuit, shared by the whole edge
    prove, // a fresh proof for that endpoint
  ],
  terminal: dispatch,
};
