// THE REQUEST PATH, on the way in: what happens to each call that reaches this Worker. Outermost first.
import { authenticate } from "../filters/authenticate/authenticate.ts";
import { authorize } from "../filters/authorize/authorize.ts";
import { deadlineInbound } from "../filters/deadline/deadline.ts";
import { guard } from "../filters/guard/guard.ts";
import { observeInbound } from "../filters/observe/observe.ts";
import { replay } from "../filters/replay/replay.ts";
import { rescueInbound } from "../filters/rescue/rescue.ts";
import { run } from "../filters/run/run.ts";
import type { InboundCall } from "../pipeline/call.ts";
import type { Chain } from "../pipeline/filter.ts";

export const inbound: Chain<InboundCall> = {
  name: "inbound",
  filters: [
    observeInbound, // every call that reached us, refused ones included
    rescueInbound, // the one place a refusal becomes an answer
    authenticate, // who calls, as strongly as the signed table asks
    replay, // a request proof is good once, with its own body
    authorize, // what the caller may, by policy
    guard, // a strict proof is good once, anywhere
    deadlineInbound, // no work that nobody waits for
  ],
  terminal: run,
};
