// The winning rule's own changes: request and answer headers, URL, redirects.
import type { OutboundCall } from "../../pipeline/call.ts";
import type { Filter } from "../../pipeline/filter.ts";
import { whereGiven } from "../../pipeline/late.ts";

/** Changes the request before a backend is chosen, and the answer after everything below; a redirect goes no further. */
export const transform: Filter<OutboundCall> = {
  name: "transform",
  doc: "Does what the rule says to headers and URL, or redirects; before mirror, whose copies are changed too.",
  after: ["cors"],
  wrap: (next) => (call) => whereGiven(call, call.rule?.transform, "transform", next),
};
