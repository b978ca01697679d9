// THE REQUEST PATH, at the edge: what happens to each request from outside. Outermost first.
import { attempt } from "../filters/attempt/attempt.ts";
import { authorizeEdge } from "../filters/authorize/authorize.ts";
import { balance } from "../filters/balance/balance.ts";
import { breaker } from "../filters/breaker/breaker.ts";
import { clientAuth } from "../filters/client-auth/client-auth.ts";
import { cohort } from "../filters/cohort/cohort.ts";
import { cors } from "../filters/cors/cors.ts";
import { deadline } from "../filters/deadline/deadline.ts";
import { dispatch } from "../filters/dispatch/dispatch.ts";
import { discover } from "../filters/discover/discover.ts";
import { endUser } from "../filters/end-user/end-user.ts";
import { fault } from "../filters/fault/fault.ts";
import { limit } from "../filters/limit/limit.ts";
import { listen } from "../filters/listen/listen.ts";
import { mirror } from "../filters/mirror/mirror.ts";
import { observe } from "../filters/observe/observe.ts";
import { prove } from "../filters/prove/prove.ts";
import { rescue } from "../filters/rescue/rescue.ts";
import { retry } from "../filters/retry/retry.ts";
import { route } from "../filters/route/route.ts";
import { session } from "../filters/session/session.ts";
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
    clientAuth, // which workload of another mesh calls
    listen, // listener and winning rule by port and host
    endUser, // whose token it carries, by the Gateway's issuers
    authorizeEdge, // what a Gateway lets in, by policy
    route, // the rule's timeouts
    cohort, // drawn here, kept by cookie, honoured at every hop
    cors, // preflights end here
    fault, // before retry, so that what is injected is not tried again
    transform, // the rule's headers, URL and redirects
    session, // a client and its endpoint
    split, // from here on as on the way out
    mirror, // copies go the rest of the way
    retry,
    attempt,
    transformBackend,
    limit,
    balance,
    breaker,
    prove,
  ],
  terminal: dispatch,
};
