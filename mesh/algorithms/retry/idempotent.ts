// Owns which HTTP methods may be sent twice.

const IDEMPOTENT: ReadonlySet<string> = new Set([
  "GET",
  "HEAD",
  "OPTIONS",
  "PUT",
  "DELETE",
  "TRACE",
]);
const SAFE: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE"]);

/** Whether the method is idempotent by RFC 9110 §9.2.2; methods are case-sensitive, RPC calls never are. */
export const isIdempotent = (method: string): boolean => IDEMPOTENT.has(method);

/** Whether the method is safe by RFC 9110 §9.2.1: asking twice changes nothing. */
export const isSafe = (method: string): boolean => SAFE.has(method);
