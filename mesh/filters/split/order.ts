// The order of several backends: late, since only routes name several.
import { cohortPoint, pickBackend } from "../../algorithms/split/split.ts";
import type { Rule } from "../../contract/rule.ts";
import type { OutboundCall } from "../../pipeline/call.ts";
import type { Body } from "../../pipeline/late.ts";
import { refuse } from "../../pipeline/outcome.ts";

/** The cohort's own backend first, then those a retry may take. */
export const order: Body<OutboundCall, Rule> = (call, rule, next) => {
  const point = call.cohort === "" ? call.isolate.random() : cohortPoint(call.cohort);
  const picked = pickBackend(rule.backends, point).flatMap((index) => rule.backends[index] ?? []);
  const { kept } = call;
  call.order = kept === undefined ? picked : [kept, ...picked.filter((one) => one !== kept)];
  if (call.order.length === 0) return refuse("no_backend", rule.route);
  return next(call);
};
