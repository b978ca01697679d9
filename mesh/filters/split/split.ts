// Chooses the backend once per call, so that attribution and stickiness survive retries.
import type { OutboundCall } from "../../pipeline/call.ts";
import type { Filter } from "../../pipeline/filter.ts";
import { toLate } from "../../pipeline/late.ts";
import { refuse } from "../../pipeline/outcome.ts";

/** Orders the rule's backends: the cohort's own first, then those a retry may take. */
export const split: Filter<OutboundCall> = {
  name: "split",
  doc: "Orders the rule's backends by the cohort's point; once per call, so that a retry does not draw again.",
  after: ["cohort"],
  wrap: (next) => (call) => {
    const { rule } = call;
    if (rule === null) return next(call);
    const only = rule.backends[0];
    if (only === undefined) return refuse("no_backend", rule.route);
    if (rule.backends.length > 1) return toLate(call.isolate.late()?.split, call, rule, next);
    if (only.weight === 0) return refuse("no_backend", rule.route);
    call.order = rule.backends;
    return next(call);
  },
};
