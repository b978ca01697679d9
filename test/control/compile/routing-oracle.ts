// Owns the Gateway API's text on which rule takes a request, read word by word: collect every match that holds, sort by
// precedence, take the first. Hostnames, HTTPRouteSpec: "precedence must be given to rules from the HTTPRoute with the
// largest number of: characters in a matching non-wildcard hostname; characters in a matching hostname". Rules,
// HTTPRouteRule.matches: "'Exact' path match; 'Prefix' path match with largest number of characters; method match; largest
// number of header matches; largest number of query param matches", then "the oldest Route based on creation timestamp;
// the Route appearing first in alphabetical order by {namespace}/{name}", then "the first matching rule (in list order)".
// Listeners, GEP-1713: the most specific one answers alone. Patterns are ours to place: between exact and prefix, longer
// ones first, those of one length by their text.
import type { HTTPRouteMatch, HTTPRouteSpec } from "../../../mesh/contract/resources/http-route.ts";

export interface OracleRoute {
  readonly id: string;
  readonly createdMs: number;
  readonly spec: HTTPRouteSpec;
}

export interface OracleRequest {
  readonly host: string;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** `namespace/name#rule` of the winner, or null. */
export function winnerByText(
  listeners: readonly string[],
  routes: readonly OracleRoute[],
  request: OracleRequest,
): string | null {
  const listener = mostSpecific(listeners.filter((host) => takes(host, request.host)));
  if (listener === undefined) return null;
  const holding = routes.flatMap((route) =>
    hostnamesOn(listener, route)
      .filter((host) => takes(host, request.host))
      .flatMap((host) =>
        route.spec.rules.flatMap((rule, index) =>
          rule.matches.flatMap((match, at) =>
            holds(match, request)
              ? [{ name: `${route.id}#${index}`, rank: rankOf(host, match, route, index, at) }]
              : [],
          ),
        ),
      ),
  );
  return holding.toSorted((a, b) => compareRanks(a.rank, b.rank))[0]?.name ?? null;
}

type Rank = readonly (number | string)[];

const rankOf = (
  host: string,
  match: HTTPRouteMatch,
  route: OracleRoute,
  rule: number,
  at: number,
): Rank => [
  host.startsWith("*") ? 0 : -host.length,
  -host.length,
  ["Exact", "RegularExpression", "PathPrefix"].indexOf(match.path.type),
  -(match.path.type === "PathPrefix" ? bare(match.path.value) : match.path.value).length,
  match.path.type === "RegularExpression" ? match.path.value : "",
  match.method === undefined ? 1 : 0,
  -(match.headers?.length ?? 0),
  -(match.queryParams?.length ?? 0),
  route.createdMs,
  route.id,
  rule,
  at,
];

function compareRanks(a: Rank, b: Rank): number {
  for (const [index, left] of a.entries()) {
    const right = b[index] ?? 0;
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}

const bare = (prefix: string): string => (prefix.endsWith("/") ? prefix.slice(0, -1) : prefix);

const takes = (pattern: string, host: string): boolean =>
  pattern === "*" ||
  pattern === host ||
  (pattern.startsWith("*.") && host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1);

const mostSpecific = (hosts: readonly string[]): string | undefined =>
  hosts.toSorted(
    (a, b) => Number(a.startsWith("*")) - Number(b.startsWith("*")) || b.length - a.length,
  )[0];

/** Hostnames of the route that the listener's has in common with it. */
function hostnamesOn(listener: string, { spec }: OracleRoute): readonly string[] {
  const hosts = spec.hostnames ?? [];
  if (hosts.length === 0) return [listener];
  return hosts.flatMap((host) => {
    if (listener === "*" || takes(listener, host)) return [host];
    return takes(host, listener) ? [listener] : [];
  });
}

const holds = (match: HTTPRouteMatch, request: OracleRequest): boolean =>
  isPath(match.path, request.path) &&
  (match.method === undefined || match.method === request.method) &&
  (match.headers ?? []).every(({ name, value, type }) =>
    isText(type, value, request.headers[name.toLowerCase()]),
  ) &&
  (match.queryParams ?? []).every(({ name, value, type }) =>
    isText(type, value, new URLSearchParams(request.query).get(name) ?? undefined),
  );

const isText = (type: string, wanted: string, given: string | undefined): boolean =>
  given !== undefined &&
  (type === "RegularExpression" ? new RegExp(`^(?:${wanted})$`).test(given) : wanted === given);

function isPath({ type, value }: HTTPRouteMatch["path"], path: string): boolean {
  if (type === "Exact") return path === value;
  if (type === "RegularExpression") return new RegExp(`^(?:${value})$`).test(path);
  const wanted = bare(value).split("/");
  return wanted.every((segment, index) => path.split("/")[index] === segment);
}
