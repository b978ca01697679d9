// The access log: what a line says.
import { REASONS } from "../contract/reasons.ts";
import type { LogField } from "../contract/telemetry.ts";
import type { CallRecord } from "../pipeline/isolate.ts";

/** One JSON line; values are encoded, keys and proofs never get here. */
export function logLine(call: CallRecord, isDegraded: boolean, nowMs: number): string {
  const line: Readonly<Record<LogField, unknown>> = {
    time: new Date(nowMs).toISOString(),
    side: call.side,
    source: call.source,
    destination: call.destination,
    endpoint: call.endpoint,
    route: call.route,
    status: call.status,
    reason: call.reason ?? undefined,
    flag: call.reason === null ? undefined : REASONS[call.reason].flag,
    trace_id: call.traceId,
    attempts: call.attempts,
    duration_ms: call.durationMs,
    degraded: isDegraded ? true : undefined,
    bypassed: call.bypassed.length > 0 ? call.bypassed : undefined,
    detail: call.detail === "" ? undefined : call.detail,
  };
  return JSON.stringify(line);
}
