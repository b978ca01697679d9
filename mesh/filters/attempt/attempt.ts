// One try: sets its end, answers for a backend that does not resolve, and counts what the endpoint really did.
import { leave } from "../../algorithms/concurrency/bulkhead.ts";
import type { OutboundCall } from "../../pipeline/call.ts";
import { settleCircuit } from "../../pipeline/circuit.ts";
import type { Filter, Next } from "../../pipeline/filter.ts";
import { refuse, type Outcome } from "../../pipeline/outcome.ts";

/** Bounds one try and records it, beside the logical call that observe records. */
export const attempt: Filter<OutboundCall> = {
  name: "attempt",
  doc: "Bounds and counts one try; inside retry, so that actual and effective figures differ.",
  after: ["retry"],
  wrap: (next) => (call) => {
    call.attemptStartMs = call.isolate.now();
    call.sentBefore = call.dispatched;
    if (call.backend?.invalid === true) return refuse("invalid_backend", call.backend.service);
    call.attemptEndMs =
      call.perTryMs > 0
        ? Math.min(call.deadlineMs, call.attemptStartMs + call.perTryMs)
        : call.deadlineMs;
    call.isSeed = null;
    call.reason = null;
    call.isolate.tracer()?.attempting(call);
    return next(call);
  },
  settle: (call, outcome, again) => {
    giveBack(call);
    return lacksKey(outcome) ? proveAgain(call, outcome, again) : counted(call, outcome);
  },
};

/** A callee that lacks the epoch says so unseen; the deploy seed is not tied to one. */
async function proveAgain(
  call: OutboundCall,
  outcome: Outcome,
  again: Next<OutboundCall>,
): Promise<Outcome> {
  call.isSeed = call.isSeed !== true;
  const seeded = await again(call);
  giveBack(call);
  return counted(call, lacksKey(seeded) ? outcome : seeded);
}

function giveBack(call: OutboundCall): void {
  for (const held of call.held) leave(held);
  call.held.length = 0;
}

function counted(call: OutboundCall, outcome: Outcome): Outcome {
  settleCircuit(call, outcome, call.attemptStartMs);
  // Both tries of a key are one attempt; what was refused before it was sent is none.
  if (call.dispatched > call.sentBefore) {
    call.dispatched = call.sentBefore + 1;
    call.isolate.tracer()?.attempted(call, outcome, call.attemptStartMs);
    count(call, outcome);
  }
  return outcome;
}

const lacksKey = (outcome: Outcome): boolean =>
  outcome.kind === "refusal" &&
  (outcome.reason === "unknown_epoch" || outcome.reason === "no_keys");

function count(call: OutboundCall, outcome: Outcome): void {
  const { isolate, source, backend, dialled, endpoint, rule, dispatched } = call;
  isolate.attempted({
    source,
    destination: (backend?.service ?? dialled.service) || (endpoint?.id ?? ""),
    endpoint: endpoint?.id ?? "",
    route: rule?.route ?? "",
    status: outcome.kind === "answer" ? outcome.status : 0,
    // An answer may be the refusal of the callee's mesh.
    reason: outcome.kind === "answer" ? call.reason : outcome.reason,
    isRetry: dispatched > 1,
    durationMs: isolate.now() - call.attemptStartMs,
  });
}
