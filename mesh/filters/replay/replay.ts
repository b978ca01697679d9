// A `request` proof is good once per isolate, and only with the body it was made for.
import type { InboundCall } from "../../pipeline/call.ts";
import type { Filter } from "../../pipeline/filter.ts";
import { whereGiven } from "../../pipeline/late.ts";

/** Refuses a nonce seen before, and a body that is not the proved one. */
export const replay: Filter<InboundCall> = {
  name: "replay",
  doc: "Refuses a request proof used before or with another body; after authenticate, which reads the proof.",
  after: ["authenticate"],
  wrap: (next) => (call) => whereGiven(call, call.verified?.request, "replay", next),
};
