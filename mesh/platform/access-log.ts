// The access log: which calls have a line, and what it says.
import { REASONS } from "../contract/reasons.ts";
import type { AccessLog } from "../contract/table.ts";
import type { LogField } from "../contract/telemetry.ts";
import type { CallRecord } from "../pipeline/isolate.ts";

/**
 * Whether a call has a line: of all, the caller's side of each; else those refused, failed, degraded, bypassed or with
 * something to tell. On the way in, what the application itself throws is in its caller's line.
 */
export function hasLine(call: CallRecord, isDegraded: boolean, mode: AccessLog): boolean {
  if (mode === "off") return false;
  const { side, reason, bypassed, detail } = call;
  const isInbound = side === "inbound";
  const hasFailed = reason !== null && (!isInbound || REASONS[reason].origin === "local");
  const isOdd = hasFailed || isDegraded || bypassed.length > 0 || detail !== "";
  return isOdd || (mode === "all" && !isInbound);
}

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
