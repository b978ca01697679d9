// The cohort of a user who is known by something the request carries: late, since most meshes draw it.
import { fnv } from "../../algorithms/hash/fnv.ts";
import type { CohortSource } from "../../contract/table.ts";
import { headerOf, type OutboundCall } from "../../pipeline/call.ts";
import { cookieOf } from "../../pipeline/cookie.ts";

/** What a request carries, and what was verified of it. */
type Known = Pick<OutboundCall, "http" | "claims">;

/** Of the first source that the request has; empty where it has none. The same user gives the same cohort everywhere. */
export function derive(call: Known, sources: readonly CohortSource[]): string {
  for (const source of sources) {
    const value = valueOf(call, source);
    // What travels on is not who the user is.
    if (value !== "") return [value, `${value} `].map((text) => fnv(text).toString(36)).join("-");
  }
  return "";
}

/** A claim counts only once somebody has verified its token. */
function valueOf({ http, claims }: Known, { on, name }: CohortSource): string {
  if (on === "claim") {
    const claim = claims?.[name];
    return typeof claim === "string" || typeof claim === "number" ? String(claim) : "";
  }
  if (http === null) return "";
  return (
    (on === "header" ? headerOf(http, name) : cookieOf(http.headers["cookie"] ?? "", name)) ?? ""
  );
}
