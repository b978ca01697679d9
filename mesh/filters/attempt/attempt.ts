// One try: sets its end, answers for a backend that does not resolve, and counts what the endpoint really did.
import type { OutboundCall } from "../../pipeline/call.ts";
import type { Filter } from "../../pipeline/filter.ts";
import { refuse } from "../../pipeline/outcome.ts";
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
    const outcome = await next(call);
    const isLocal = outcome.kind === "refusal" && REASONS[outcome.reason].origin === "local";
    if (!isLocal) {
      const service = call.backend?.service ?? call.dialled.service;
      const reason = outcome.kind === "answer" ? null : outcome.reason;
      call.isolate.attempted(service, call.endpoint?.id ?? "", reason);
    }
    return outcome;
  },
};
