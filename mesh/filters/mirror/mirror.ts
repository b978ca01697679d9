// Copies of a request for other backends; what they answer is dropped.
import type { OutboundCall } from "../../pipeline/call.ts";
import type { Filter } from "../../pipeline/filter.ts";
import { whereGiven } from "../../pipeline/late.ts";

/** Sends the drawn copies the rest of the way, each a call of its own; a body that can be sent once only is not copied. */
export const mirror: Filter<OutboundCall> = {
  name: "mirror",
  doc: "Sends copies to the rule's mirrors and drops their answers; after split, so that a retry copies nothing again.",
  after: ["transform", "split"],
  wrap: (next) => (call) =>
    whereGiven(call, call.http === null ? undefined : call.rule?.mirrors, "mirror", next),
};
