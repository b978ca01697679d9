// One try: sets its end, answers for a backend that does not resolve, and counts what the endpoint really did.
import { leave } from "../../algorithms/concurrency/bulkhead.ts";
import type { OutboundCall } from "../../pipeline/call.ts";
import type { Filter, Next } from "../../pipeline/filter.ts";
import { refuse, type Outcome } from "../../pipeline/outcome.ts";
import { REASONS } from "../../contract/reasons.ts";

/** Bounds one try and records it, beside the logical call that observe records. */
export const attempt: Filter<OutboundCall> = {
  name: "attempt",
  doc: "Bounds and counts one try; inside retry, so that actual and effective figures differ.",
  after: ["retry"],
  wrap: (next) => async (call) => {
    if (call.backend?.invalid === true) return refuse("invalid_backend", call.backend.service);
    const nowMs = call.isolate.now();
    call.attemptEndMs =
      call.perTryMs > 0 ? Math.min(call.deadlineMs, nowMs + call.perTryMs) : call.deadlineMs;
    call.isSeed = null;
    let outcome = await once(call, next);
    if (lacksKey(outcome)) {
      // A callee that lacks the epoch says so unseen; the deploy seed is not tied to one.
      call.isSeed = call.isSeed !== true;
      const seeded = await once(call, next);
      if (!lacksKey(seeded)) outcome = seeded;
    }
    count(call, outcome);
    return outcome;
  },
};

async function once(call: OutboundCall, next: Next<OutboundCall>): Promise<Outcome> {
  try {
    return await next(call);
  } finally {
    for (const held of call.held) leave(held);
    call.held.length = 0;
  }
}

const lacksKey = (outcome: Outcome): boolean =>
  outcome.kind === "refusal" &&
  (outcome.reason === "unknown_epoch" || outcome.reason === "no_keys");

function count(call: OutboundCall, outcome: Outcome): void {
  if (outcome.kind === "refusal" && REASONS[outcome.reason].origin === "local") return;
  const service = call.backend?.service ?? call.dialled.service;
  const reason = outcome.kind === "answer" ? null : outcome.reason;
  call.isolate.attempted(service, call.endpoint?.id ?? "", reason);
}
