// Owns what `sessionPersistence` of a rule becomes in the table (GEP-1619).
import { toMilliseconds } from "../../mesh/contract/resources/duration.ts";
import type { HTTPRouteRule } from "../../mesh/contract/resources/http-route.ts";
import type { Session } from "../../mesh/contract/rule.ts";
import { fnv } from "../../mesh/algorithms/hash/fnv.ts";

/** The session of a rule; `rule` names a cookie that has no name of its own. */
export function toSession(
  { type, absoluteTimeout, cookie, header }: NonNullable<HTTPRouteRule["sessionPersistence"]>,
  rule: string,
): Session {
  const absolute = absoluteTimeout ? { absoluteMs: toMilliseconds(absoluteTimeout) } : {};
  if (type === "Header") return { header: (header?.name ?? "").toLowerCase(), ...absolute };
  return {
    cookie: cookie?.name ?? `heddle-session-${fnv(rule).toString(36)}`,
    path: cookie?.path ?? "/",
    ...(cookie?.lifetimeType === "Permanent" ? { isPermanent: true } : {}),
    ...absolute,
  };
}
