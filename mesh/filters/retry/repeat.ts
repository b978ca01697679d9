// Repeating what failed: late, since little fails.
import { partsOf } from "../../algorithms/breaker/policy.ts";
import { HEARD_MS, brakeOn, isKnownRough } from "../../algorithms/retry/brake.ts";
import { openBudget } from "../../algorithms/retry/budget.ts";
import { decideRetry } from "../../algorithms/retry/decide.ts";
import { isIdempotent } from "../../algorithms/retry/idempotent.ts";
import { routesFor } from "../../algorithms/match/routes.ts";
import type { Verdict } from "../../contract/pulse.ts";
import type { OutboundCall } from "../../pipeline/call.ts";
import { circuitService } from "../../pipeline/circuit.ts";
import { LEASE, type EffectiveRetry, type Isolate } from "../../pipeline/isolate.ts";
import type { Late } from "../../pipeline/late.ts";
import type { Outcome } from "../../pipeline/outcome.ts";
import { giveUp, isGood, isReplayable } from "../../pipeline/settle.ts";
import { earned, take } from "./retry.ts";

/** As often as policy, budget and time allow. */
export const repeat: Late["repeat"] = async (call, failed, effective, again) => {
  let outcome = failed;
  for (let turn = 0; await mayRetry(call, outcome, effective, turn); turn++) {
    await giveUp(outcome);
    take(call, turn + 1);
    outcome = await again(call);
    if (isGood(outcome, effective.policy.codes)) return earned(call, outcome);
  }
  return outcome;
};

/** Waits the back-off when another attempt may be made; false when it may not. */
async function mayRetry(
  call: OutboundCall,
  outcome: Outcome,
  { policy, fromRoute }: EffectiveRetry,
  turn: number,
): Promise<boolean> {
  const { isolate, scope } = call;
  // Nothing was sent: another backend costs no more than the first would have.
  if (outcome.kind === "refusal" && outcome.reason === "circuit_open")
    return turn < policy.attempts && turn + 1 < call.order.length;
  const heard = heardOf(isolate);
  const brake = brakeOn(heard, circuitService(nextOf(call, turn + 1)));
  const failed = {
    reason: outcome.kind === "answer" ? null : outcome.reason,
    status: outcome.kind === "answer" ? outcome.status : 0,
    retries: turn,
    allowance: scope.allowance,
    leftMs: call.deadlineMs - isolate.now(),
    isRepeatable: isRepeatable(call, fromRoute),
    fromRoute,
    isBraked: brake !== undefined,
    policy,
  };
  const { budget } = isolate.service(call.backend?.service ?? "");
  openBudget(
    budget,
    isKnownRough(heard, circuitService(call)),
    isolate.table()?.defaults.retry.budgetCap,
  );
  const decision = decideRetry(failed, budget, () => isolate.random());
  if (decision.verdict === "brake" && brake !== undefined) withhold(isolate, brake);
  if (decision.verdict !== "retry") return false;
  scope.allowance -= 1;
  await isolate.sleep(decision.delayMs);
  return true;
}

/** Where an attempt goes, as `take` decides it. */
const nextOf = (
  { order, dialled }: OutboundCall,
  turn: number,
): Pick<OutboundCall, "backend" | "dialled"> => ({
  backend: order[Math.min(turn, order.length - 1)] ?? null,
  dialled,
});

/** What objects said last, unless that is long ago: who hears nothing is not held back by it for ever. */
function heardOf(isolate: Isolate): readonly Verdict[] {
  const { heard, lastSyncMs } = isolate.news();
  return isolate.now() - lastSyncMs < HEARD_MS ? heard : [];
}

/** Tells the circuit that holds retries back of one more, by which it knows when to let go. */
function withhold(isolate: Isolate, { object }: Verdict): void {
  const { service, endpoint, scope } = partsOf(object);
  const attempt = { isSent: false, isWithheld: true, tookMs: 0 };
  isolate.circuit(service, endpoint, scope).settle(null, false, LEASE.none, 0, attempt);
}

function isRepeatable(call: OutboundCall, fromRoute: boolean): boolean {
  const { http, rpc } = call;
  if (http === null) return fromRoute && isOfMethods(call) && isCopyable(rpc?.args);
  if (!isReplayable(call) || http.signal?.aborted === true) return false;
  // A route's author who wrote `retry` has said that its requests may be sent again (GEP-1731).
  return fromRoute || isIdempotent(http.method);
}

/** The rule is of an RPCRoute: who wrote one for requests has said nothing of methods. */
function isOfMethods({ chunk, rule, source }: OutboundCall): boolean {
  const methods = chunk?.rpc && routesFor(chunk.rpc, source, null);
  return rule !== null && methods?.rules.includes(rule) === true;
}

/** Values alone: a stream is read by the first attempt, and a function or an object that is called is not ours to lend twice. */
function isCopyable(args: unknown): boolean {
  try {
    structuredClone(args);
    return true;
  } catch {
    return false;
  }
}
