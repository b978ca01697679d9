// Faults that operators ask for: delays and aborts of a share of a rule's calls.
import type { OutboundCall } from "../../pipeline/call.ts";
import type { Filter } from "../../pipeline/filter.ts";
import { whereGiven } from "../../pipeline/late.ts";

/** Delays or answers the drawn share of calls until the fault expires. */
export const fault: Filter<OutboundCall> = {
  name: "fault",
  doc: "Injects the rule's faults; before retry, so that an injected failure is not tried again.",
  after: ["route"],
  wrap: (next) => (call) => whereGiven(call, call.rule?.fault, "fault", next),
};
