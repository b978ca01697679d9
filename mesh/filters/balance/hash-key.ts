// What consistent hashing is on: a word of the request, or who calls.
import type { Balancing } from "../../contract/service.ts";
import { queryValue } from "../../algorithms/match/query.ts";
import type { OutboundCall } from "../../pipeline/call.ts";
import { cookieOf } from "../../pipeline/cookie.ts";

/** The key of a call; null where it has none. */
export function hashKey(
  call: OutboundCall,
  { on, name = "" }: NonNullable<Balancing["hash"]>,
): string | null {
  if (on === "caller") return call.source;
  if (on === "cohort") return call.cohort || null;
  const { http } = call;
  if (http === null) return null;
  if (on === "path") return http.path;
  if (on === "query") return queryValue(http.query, name);
  return on === "cookie"
    ? cookieOf(http.headers["cookie"] ?? "", name)
    : (http.headers[name] ?? null);
}
