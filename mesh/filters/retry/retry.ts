// Tries again where that is safe, affordable and in time; the next attempt takes the next backend.
import { earnRetry } from "../../algorithms/retry/budget.ts";
import { isBypassed } from "../../pipeline/bypass.ts";
import type { OutboundCall } from "../../pipeline/call.ts";
import type { Filter, Next } from "../../pipeline/filter.ts";
import type { EffectiveRetry } from "../../pipeline/isolate.ts";
import type { Outcome } from "../../pipeline/outcome.ts";
import { isGood } from "../../pipeline/settle.ts";

/** Repeats everything below; a route's own `retry` is bounded by its attempts and the edge's brake, the default by the isolate's budget too. */
export const retry: Filter<OutboundCall> = {
  name: "retry",
  doc: "Repeats everything below, on the next backend first; after split, so that the order of backends stays.",
  after: ["split"],
  wrap: (next) => (call) => {
    take(call, 0);
    return next(call);
  },
  settle: (call, outcome, again) => {
    const effective = effectiveRetry(call);
    if (effective === null) return outcome;
    return isGood(outcome, effective.policy.codes)
      ? earned(call, outcome)
      : failed(call, outcome, effective, again);
  },
};

/** The next backend in order; the last one again when there is no further one. */
export function take(call: OutboundCall, turn: number): void {
  call.backend = call.order[Math.min(turn, call.order.length - 1)] ?? null;
  call.attempts = turn + 1;
}

/** Repeating is in the late part: an isolate's first failure loads it, and no other call waits. */
function failed(
  call: OutboundCall,
  outcome: Outcome,
  effective: EffectiveRetry,
  again: Next<OutboundCall>,
): Promise<Outcome> | Outcome {
  const { isolate } = call;
  if (effective.policy.attempts === 0) return outcome;
  const late = isolate.late();
  if (late !== null) return late.repeat(call, outcome, effective, again);
  return isolate
    .loadLate()
    .then(() => isolate.late()?.repeat(call, outcome, effective, again) ?? outcome);
}

function effectiveRetry(call: OutboundCall): EffectiveRetry | null {
  const table = call.isolate.table();
  if (table === null) return null;
  const service = call.chunk?.service ?? call.rule?.backends[0]?.service ?? "";
  if (isBypassed(call, "retry", service)) return null;
  const own = call.rule?.retry;
  return own === undefined
    ? { policy: table.defaults.retry, fromRoute: false }
    : { policy: own, fromRoute: own.isBudgeted !== true };
}

export function earned(call: OutboundCall, outcome: Outcome): Outcome {
  const table = call.isolate.table();
  if (table === null || call.backend === null) return outcome;
  const { budgetRatio, budgetCap } = table.defaults.retry;
  earnRetry(call.isolate.service(call.backend.service).budget, budgetRatio, budgetCap);
  return outcome;
}
