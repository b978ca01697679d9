// Owns how a reason looks from outside: problem+json with Proxy-Status for HTTP, an Error for RPC. Says less than the log.
import { HEDDLE_REASON, PROXY_STATUS } from "../contract/headers.ts";
import { isReason, problemType, REASONS, titleOf, type Reason } from "../contract/reasons.ts";
import type { Outcome } from "./outcome.ts";

/** The error an RPC caller gets for a refusal; `name` is `HeddleError`, `reason` the label. */
export class HeddleError extends Error {
  readonly reason: Reason;
  constructor(reason: Reason) {
    super(`${reason}, see ${problemType(reason)}`);
    this.name = "HeddleError";
    this.reason = reason;
  }
}

/** What the application gets: the value, the exception as it came, or the error of a refusal. */
export function unwrap(outcome: Outcome): unknown {
  if (outcome.kind === "answer") return outcome.value;
  throw outcome.kind === "failure" ? outcome.error : new HeddleError(outcome.reason);
}

/** The mesh's own answer: RFC 9457 body, RFC 9209 Proxy-Status; `inside` adds the reason for the caller's mesh. */
export function problem(reason: Reason, traceId: string, inside: boolean): Response {
  const entry = REASONS[reason];
  const status = entry.status === 0 ? 502 : entry.status;
  const body = { type: problemType(reason), title: titleOf(reason), status, reason, traceId };
  const headers: Record<string, string> = {
    "content-type": "application/problem+json",
    [PROXY_STATUS]: `heddle; error=${entry.proxyStatus}; details="${entry.flag}"`,
  };
  if (inside) headers[HEDDLE_REASON] = reason;
  if (status === 503 || status === 429) headers["retry-after"] = "1";
  return new Response(JSON.stringify(body), { status, headers });
}

/** What `dispatch` answers instead of a value when the callee's mesh refuses. */
export interface RefusedValue {
  readonly heddleRefused: Reason;
}

/** Whether a dispatched value is the callee mesh's refusal. */
export const isRefused = (value: unknown): value is RefusedValue =>
  typeof value === "object" &&
  value !== null &&
  "heddleRefused" in value &&
  isReason(value.heddleRefused);
