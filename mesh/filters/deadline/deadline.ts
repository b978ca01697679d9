// Bounds the call by the time its caller has left, retries included; relative on the wire, shrinking with each hop.
import { MAX_DEPTH } from "../../contract/context.ts";
import type { InboundCall, OutboundCall } from "../../pipeline/call.ts";
import type { Filter } from "../../pipeline/filter.ts";
import { refuse } from "../../pipeline/outcome.ts";

/** A call with less left than this is refused instead of sent, ms. */
const LEAST_LEFT_MS = 5;

/** Takes over the scope's deadline; refuses what is too late or too deep. */
export const deadline: Filter<OutboundCall> = {
  name: "deadline",
  doc: "Refuses a call that has no time left or went too deep; bounds everything below, retries included.",
  after: ["rescue"],
  wrap: (next) => (call) => {
    const { context } = call.scope;
    if (context.depth >= MAX_DEPTH) return refuse("loop_detected", `depth ${context.depth}`);
    if (context.deadlineMs - call.isolate.now() < LEAST_LEFT_MS)
      return refuse("deadline_exceeded", "before the call");
    call.deadlineMs = Math.min(call.deadlineMs, context.deadlineMs);
    return next(call);
  },
};

/** The same on the way in: a handler never starts work that nobody waits for. */
export const deadlineInbound: Filter<InboundCall> = {
  name: "deadline",
  doc: "Refuses a call whose caller has stopped waiting or that went too deep; after authenticate, which reads the context.",
  after: ["authenticate"],
  wrap: (next) => (call) => {
    const { context } = call;
    if (context === null) return next(call);
    if (context.depth > MAX_DEPTH) return refuse("loop_detected", `depth ${context.depth}`);
    if (context.deadlineMs - call.isolate.now() < LEAST_LEFT_MS)
      return refuse("deadline_exceeded", "on arrival");
    return next(call);
  },
};
