// The release decision of an entry event: drawn once, kept for every call under it.
import { isBypassed } from "../../pipeline/bypass.ts";
import type { OutboundCall } from "../../pipeline/call.ts";
import type { Filter } from "../../pipeline/filter.ts";
import { randomHex } from "../../pipeline/context.ts";

/** Takes the scope's cohort, or draws one when the rule splits and none came in. */
export const cohort: Filter<OutboundCall> = {
  name: "cohort",
  doc: "Keeps the entry event's cohort, drawing one when a rule first splits; split needs it.",
  after: ["route"],
  wrap: (next) => (call) => {
    const { scope } = call;
    const isOff = isBypassed(call, "cohort", call.dialled.service);
    if (call.side === "edge" && !isOff) deriveCohort(call);
    if (scope.cohort === "" && !isOff && isWanted(call))
      scope.cohort = randomHex(16, () => call.isolate.random());
    call.cohort = isOff ? "" : scope.cohort;
    return next(call);
  },
};

/** A user who is known by what the table names has a cohort without a cookie, and the same in every browser. */
function deriveCohort(call: OutboundCall): void {
  const sources = call.isolate.table()?.defaults.cohort?.from;
  const derived = sources && call.isolate.late()?.cohort(call, sources);
  if (!derived) return;
  call.scope.cohort = derived;
  call.isDerived = true;
}

/** The edge draws for every hop behind it, as soon as the table splits anywhere. */
function isWanted(call: OutboundCall): boolean {
  if (call.rule !== null && call.rule.backends.length > 1) return true;
  return call.side === "edge" && call.isolate.table()?.splits === true;
}
