// Counts what the application saw, local replies included; outermost, so that nothing escapes it.
import type { InboundCall, OutboundCall } from "../../pipeline/call.ts";
import type { Filter } from "../../pipeline/filter.ts";
import type { Outcome } from "../../pipeline/outcome.ts";

/** Outbound and edge side: one record per logical call. */
export const observe: Filter<OutboundCall> = {
  name: "observe",
  doc: "Counts each logical call as the application saw it; outermost, so that local replies count too.",
  after: [],
  wrap: (next) => (call) => {
    call.startMs = call.isolate.now();
    return next(call);
  },
  settle: (call, outcome) => {
    const { isolate } = call;
    isolate.tracer()?.called(call, outcome, call.startMs);
    isolate.record({
      side: call.side,
      source: call.source,
      destination: destinationOf(call),
      endpoint: call.endpoint?.id ?? "",
      route: call.rule?.route ?? "",
      status: statusOf(outcome),
      reason: call.reason,
      attempts: call.attempts,
      retries: Math.max(0, call.dispatched - 1),
      durationMs: isolate.now() - call.startMs,
      traceId: call.scope.context.traceId,
      bypassed: call.bypassed ?? NONE,
      detail: call.detail,
    });
    isolate.settled(call.scope.keeper, call.scope.invocations, call.reason !== null);
    return outcome;
  },
};

/** Inbound side: one record per call that reached this Worker. */
export const observeInbound: Filter<InboundCall> = {
  name: "observe",
  doc: "Counts each call that reached this Worker, refused ones included.",
  after: [],
  wrap: (next) => (call) => {
    call.startMs = call.isolate.now();
    return next(call);
  },
  settle: (call, outcome) => {
    call.isolate.record({
      side: "inbound",
      source: call.principal,
      destination: call.isolate.workload,
      endpoint: call.entrypoint,
      route: "",
      status: statusOf(outcome),
      reason: call.reason,
      attempts: 1,
      retries: 0,
      durationMs: call.isolate.now() - call.startMs,
      traceId: call.context?.traceId ?? "",
      bypassed: NONE,
      detail: call.detail,
    });
    call.isolate.settled(call.keeper, call.context?.invocations ?? 0, call.reason !== null);
    return outcome;
  },
};

const NONE: readonly never[] = [];

/** The service dialled; at the edge the first backend, and the edge itself for what no route takes. */
const destinationOf = ({ chunk, dialled, order, isolate }: OutboundCall): string =>
  chunk?.service ??
  (dialled.service || dialled.endpoint || (order[0]?.service ?? isolate.workload));

function statusOf(outcome: Outcome): number {
  return outcome.kind === "answer" ? outcome.status : 0;
}
