// In-isolate counters of calls and attempts, bounded; and the one log line of a call that is worth one.
import { LOG_FIELDS } from "../contract/telemetry.ts";
import { REASONS, type Reason } from "../contract/reasons.ts";
import type { CallRecord } from "../pipeline/isolate.ts";

/** Distinct keys that are kept; past it, all new ones share one, so that no input grows the memory. */
const MOST_KEYS = 2000;
const OTHER = "other";

/** Counts by key, cumulative since the isolate was born. */
export interface Counters {
  count(key: string): void;
  entries(): ReadonlyMap<string, number>;
}

export function createCounters(): Counters {
  const counts = new Map<string, number>();
  return {
    count(key) {
      const known = counts.get(key);
      if (known !== undefined) counts.set(key, known + 1);
      else if (counts.size < MOST_KEYS) counts.set(key, 1);
      else counts.set(OTHER, (counts.get(OTHER) ?? 0) + 1);
    },
    entries: () => counts,
  };
}

/** The key of a logical call: side, source, destination and reason. */
export const callKey = (call: CallRecord): string =>
  `call|${call.side}|${call.source}|${call.destination}|${call.reason ?? "ok"}`;

/** The key of an attempt: service, endpoint and reason. */
export const attemptKey = (service: string, endpoint: string, reason: Reason | null): string =>
  `attempt|${service}|${endpoint}|${reason ?? "ok"}`;

/** Whether a call deserves a line: refused, failed, degraded or touched by a kill switch. */
export const deservesLine = (call: CallRecord, isDegraded: boolean): boolean =>
  call.reason !== null || isDegraded || call.bypassed.length > 0;

/** One JSON line; values are encoded, keys and proofs never get here. */
export function logLine(call: CallRecord, isDegraded: boolean, nowMs: number): string {
  return JSON.stringify({
    [LOG_FIELDS.time]: new Date(nowMs).toISOString(),
    [LOG_FIELDS.side]: call.side,
    [LOG_FIELDS.source]: call.source,
    [LOG_FIELDS.destination]: call.destination,
    [LOG_FIELDS.endpoint]: call.endpoint,
    [LOG_FIELDS.route]: call.route,
    [LOG_FIELDS.status]: call.status,
    [LOG_FIELDS.reason]: call.reason ?? undefined,
    [LOG_FIELDS.flag]: call.reason === null ? undefined : REASONS[call.reason].flag,
    [LOG_FIELDS.traceId]: call.traceId,
    [LOG_FIELDS.attempts]: call.attempts,
    [LOG_FIELDS.degraded]: isDegraded ? true : undefined,
    [LOG_FIELDS.bypassed]: call.bypassed.length > 0 ? call.bypassed : undefined,
    detail: call.detail === "" ? undefined : call.detail,
  });
}
