// The access log: which calls have a line; log-line.ts says what is in it.
import { isLocal } from "../contract/reasons.ts";
import type { AccessLog } from "../contract/table.ts";
import type { CallRecord } from "../pipeline/isolate.ts";

/**
 * Whether a call has a line: of all, the caller's side of each; else those refused, failed, degraded, bypassed or with
 * something to tell. On the way in, what the application itself throws is in its caller's line.
 */
export function hasLine(call: CallRecord, isDegraded: boolean, mode: AccessLog): boolean {
  if (mode === "off") return false;
  const { side, reason, bypassed, detail } = call;
  const isInbound = side === "inbound";
  const hasFailed = isInbound ? isLocal(reason) : reason !== null;
  const isOdd = hasFailed || isDegraded || bypassed.length > 0 || detail !== "";
  return isOdd || (mode === "all" && !isInbound);
}
