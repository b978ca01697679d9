// Counts what the application saw, local replies included; outermost, so that nothing escapes it.
import type { InboundCall, OutboundCall } from "../../pipeline/call.ts";
import type { Filter } from "../../pipeline/filter.ts";
import type { Outcome } from "../../pipeline/outcome.ts";

/** Outbound and edge side: one record per logical call. */
export const observe: Filter<OutboundCall> = {
  name: "observe",
  doc: "Counts each logical call as the application saw it; outermost, so that local replies count too.",
  after: [],
  wrap: (next) => async (call) => {
    const outcome = await next(call);
    call.isolate.record({
      side: call.side,
      source: call.source,
      destination: call.chunk?.service ?? call.dialled.service,
      endpoint: call.endpoint?.id ?? "",
      route: call.rule?.route ?? "",
      status: statusOf(outcome),
      reason: call.reason,
      attempts: call.attempts,
      traceId: call.scope.context.traceId,
      bypassed: call.bypassed ?? NONE,
      detail: call.detail,
    });
    return outcome;
  },
};

/** Inbound side: one record per call that reached this Worker. */
export const observeInbound: Filter<InboundCall> = {
  name: "observe",
  doc: "Counts each call that reached this Worker, refused ones included.",
  after: [],
  wrap: (next) => async (call) => {
    const outcome = await next(call);
    call.isolate.record({
      side: "inbound",
      source: call.principal,
      destination: call.isolate.workload,
      endpoint: call.entrypoint,
      route: "",
      status: statusOf(outcome),
      reason: call.reason,
      attempts: 1,
      traceId: call.context?.traceId ?? "",
      bypassed: NONE,
      detail: call.detail,
    });
    return outcome;
  },
};

const NONE: readonly never[] = [];

function statusOf(outcome: Outcome): number {
  return outcome.kind === "answer" ? outcome.status : 0;
}
