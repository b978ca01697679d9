// Owns how a reason looks from outside: problem+json with Proxy-Status for HTTP, an Error for RPC. Says less than the log.
import { HEDDLE_REASON, PROXY_STATUS } from "../contract/headers.ts";
import { problemType, REASONS, titleOf, type Reason } from "../contract/reasons.ts";

/** The error an RPC caller gets for a refusal; `name` is `HeddleError`, `reason` the label. */
export class HeddleError extends Error {
  readonly reason: Reason;
  constructor(reason: Reason) {
    super(`${reason}, see ${problemType(reason)}`);
    this.name = "HeddleError";
    this.reason = reason;
  }
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
export function isRefused(value: unknown): value is RefusedValue {
  if (typeof value !== "object" || value === null || !("heddleRefused" in value)) return false;
  const reason = value.heddleRefused;
  return typeof reason === "string" && Object.hasOwn(REASONS, reason);
}
