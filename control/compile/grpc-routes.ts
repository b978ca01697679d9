// Owns how a GRPCRoute is said as an HTTPRoute: a gRPC call is a POST to `/service/method`, so one rule table serves both.
import type { GRPCRouteMatch, GRPCRouteSpec } from "../../mesh/contract/resources/grpc-route.ts";
import type { HTTPRouteMatch, HTTPRouteSpec } from "../../mesh/contract/resources/http-route.ts";
import type { Known } from "./inventory.ts";
import { type Reuse, tokenOf } from "./reuse.ts";
import type { RouteMatch } from "./rules.ts";

type Method = NonNullable<GRPCRouteMatch["method"]>;

/** One segment of the path, whichever. */
const ANY = "[^/]+";
const FOLD = "(?i)";
/** A service's characters count before its method's, which are at most this many. */
const MOST_METHOD = 1024;

/** The same routes in the words of HTTPRoute. */
export function toHttpRoutes(
  routes: readonly Known<GRPCRouteSpec>[],
  reuse: Reuse,
): Known<HTTPRouteSpec>[] {
  const methods = routes.flatMap(({ spec }) =>
    spec.rules.flatMap(({ matches }) => matches.flatMap(({ method }) => method ?? [])),
  );
  // A service alone is a prefix, looked up at once; but prefixes come after patterns, and it must win over one that names
  // no service.
  const isPrefix = methods.every(({ type, service }) => type === "Exact" && service !== undefined);
  return routes.map((route) => ({
    ...route,
    spec: reuse.of(`grpc ${route.id}`, [tokenOf(route.stored), isPrefix], () =>
      toHttpSpec(route.spec, isPrefix),
    ),
  }));
}

const toHttpSpec = ({ rules, ...rest }: GRPCRouteSpec, isPrefix: boolean): HTTPRouteSpec => ({
  ...rest,
  rules: rules.map((rule) => ({
    ...rule,
    matches: (rule.matches.length > 0 ? rule.matches : [{}]).map((match) =>
      toMatch(match, isPrefix),
    ),
  })),
});

const toMatch = ({ method, headers }: GRPCRouteMatch, isPrefix: boolean): RouteMatch => ({
  path: method ? toPath(method, isPrefix) : { type: "PathPrefix", value: "/" },
  method: "POST",
  ...(headers ? { headers } : {}),
  ...(method ? { order: orderOf(method) } : {}),
});

const orderOf = ({ service = "", method = "" }: Method): number =>
  service.length * (MOST_METHOD + 1) + method.length;

function toPath({ type, service, method }: Method, isPrefix: boolean): HTTPRouteMatch["path"] {
  if (type === "RegularExpression") return { type, value: patternOf(service, method) };
  if (service !== undefined && method !== undefined)
    return { type: "Exact", value: `/${service}/${method}` };
  if (service !== undefined && isPrefix) return { type: "PathPrefix", value: `/${service}` };
  return { type: "RegularExpression", value: `/${escaped(service)}/${escaped(method)}` };
}

/** A pattern ignores case as a whole or not at all. */
function patternOf(...patterns: readonly (string | undefined)[]): string {
  const fold = patterns.some((pattern) => pattern?.startsWith(FOLD)) ? FOLD : "";
  const segments = patterns.map((pattern) =>
    !pattern ? ANY : `(?:${pattern.startsWith(FOLD) ? pattern.slice(FOLD.length) : pattern})`,
  );
  return `${fold}/${segments.join("/")}`;
}

const escaped = (name: string | undefined): string => name?.replaceAll(".", "\\.") ?? ANY;
