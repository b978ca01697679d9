// THE REQUEST PATH, at the edge: what happens to each request from outside. Outermost first.
import { attempt } from "../filters/attempt/attempt.ts";
import { balance } from "../filters/balance/balance.ts";
import { cohort } from "../filters/cohort/cohort.ts";
import { cors } from "../filters/cors/cors.ts";
import { deadline } from "../filters/deadline/deadline.ts";
import { dispatch } from "../filters/dispatch/dispatch.ts";
import { discover } from "../filters/discover/discover.ts";
import { limit } from "../filters/limit/limit.ts";
import { listen } from "../filters/listen/listen.ts";
import { mirror } from "../filters/mirror/mirror.ts";
import { observe } from "../filters/observe/observe.ts";
import { prove } from "../filters/prove/prove.ts";
import { rescue } from "../filters/rescue/rescue.ts";
import { retry } from "../filters/retry/retry.ts";
import { route } from "../filters/route/route.ts";
import { split } from "../filters/split/split.ts";
import { strip } from "../filters/strip/strip.ts";
import { transformBackend } from "../filters/transform-backend/transform-backend.ts";
import { transform } from "../filters/transform/transform.ts";
import type { OutboundCall } from "../pipeline/call.ts";
import type { Chain } from "../pipeline/filter.ts";

export const edge: Chain<OutboundCall> = {
  name: "edge",
  filters: [
    observe, // what the client saw
    rescue, // the one place a refusal becomes an answer
    strip, // nothing a client sends speaks for the mesh
    deadline, // the edge's own bound on everything below
    discover, // waits, bounded, while the table is too old
    listen, // listener and winning rule by port and host
    route, // the rule's timeouts
    cohort, // drawn here, kept by cookie, honoured at every hop
    cors, // preflights end here
    transform, // the rule's headers, URL and redirects
    split, // from here on as on the way out
    mirror, // copies go the rest of the way
    retry,
    attempt,
    transformBackend,
    limit,
    balance,
    prove,
  ],
  terminal: dispatch,
};
