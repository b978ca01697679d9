// Tries again where that is safe, affordable and in time; the next attempt takes the next backend.
import { earnRetry } from "../../algorithms/retry/budget.ts";
import { decideRetry } from "../../algorithms/retry/decide.ts";
import { isIdempotent } from "../../algorithms/retry/idempotent.ts";
import { isBypassed } from "../../pipeline/bypass.ts";
import type { OutboundCall } from "../../pipeline/call.ts";
import type { Filter } from "../../pipeline/filter.ts";
import type { EffectiveRetry } from "../../pipeline/isolate.ts";
import type { Outcome } from "../../pipeline/outcome.ts";
import { giveUp, isGood, isReplayable } from "../../pipeline/settle.ts";

/** Repeats everything below; a route's own `retry` is bounded by its attempts, the default by the isolate's budget. */
export const retry: Filter<OutboundCall> = {
  name: "retry",
  doc: "Repeats everything below, on the next backend first; after split, so that the order of backends stays.",
  after: ["split"],
  wrap: (next) => async (call) => {
    const effective = effectiveRetry(call);
    for (let turn = 0; ; turn++) {
      call.backend = call.order[Math.min(turn, call.order.length - 1)] ?? null;
      call.attempts = turn + 1;
      const outcome = await next(call);
      if (effective === null) return outcome;
      if (isGood(outcome, effective.policy.codes)) settleBudget(call);
      else if (await mayRetry(call, outcome, effective, turn)) {
        await giveUp(outcome);
        continue;
      }
      return outcome;
    }
  },
};

function effectiveRetry(call: OutboundCall): EffectiveRetry | null {
  const table = call.isolate.table();
  if (table === null) return null;
  const service = call.chunk?.service ?? call.rule?.backends[0]?.service ?? "";
  if (isBypassed(call, "retry", service)) return null;
  const own = call.rule?.retry;
  return own === undefined
    ? { policy: table.defaults.retry, fromRoute: false }
    : { policy: own, fromRoute: true };
}

function settleBudget(call: OutboundCall): void {
  const table = call.isolate.table();
  if (table === null || call.backend === null) return;
  const { budgetRatio, budgetCap } = table.defaults.retry;
  earnRetry(call.isolate.service(call.backend.service).budget, budgetRatio, budgetCap);
}

/** Waits the back-off when another attempt may be made; false when it may not. */
async function mayRetry(
  call: OutboundCall,
  outcome: Outcome,
  { policy, fromRoute }: EffectiveRetry,
  turn: number,
): Promise<boolean> {
  const { isolate, scope } = call;
  const failed = {
    reason: outcome.kind === "answer" ? null : outcome.reason,
    status: outcome.kind === "answer" ? outcome.status : 0,
    retries: turn,
    allowance: scope.allowance,
    leftMs: call.deadlineMs - isolate.now(),
    isRepeatable: isRepeatable(call, fromRoute),
    fromRoute,
    policy,
  };
  const budget = isolate.service(call.backend?.service ?? "").budget;
  const decision = decideRetry(failed, budget, () => isolate.random());
  if (decision.verdict !== "retry") return false;
  scope.allowance -= 1;
  await isolate.sleep(decision.delayMs);
  return true;
}

function isRepeatable(call: OutboundCall, fromRoute: boolean): boolean {
  if (call.http === null || !isReplayable(call) || call.http.signal?.aborted === true) return false;
  // A route's author who wrote `retry` has said that its requests may be sent again (GEP-1731).
  return fromRoute || isIdempotent(call.http.method);
}
