// Owns how an RPCRoute is said as an HTTPRoute: a call of a method is `/Entrypoint/method`, so one rule table serves both.
// Precedence: entrypoint and method, then a method of any entrypoint, then an entrypoint, then any call.
import type { HTTPRouteMatch, HTTPRouteSpec } from "../../mesh/contract/resources/http-route.ts";
import type { RPCRouteMatch, RPCRouteSpec } from "../../mesh/contract/resources/rpc-route.ts";
import type { Known } from "./inventory.ts";
import { type Reuse, tokenOf } from "./reuse.ts";

/** The kind's name. */
export const RPC_KIND = "RPCRoute";

/** The same routes in the words of HTTPRoute; their tables are apart from those of HTTP. */
export const toRpcRules = (
  routes: readonly Known<RPCRouteSpec>[],
  reuse: Reuse,
): Known<HTTPRouteSpec>[] =>
  routes.map((route) => ({
    ...route,
    spec: reuse.of(`rpc ${route.id}`, [tokenOf(route.stored)], () => toSpec(route.spec)),
  }));

const toSpec = ({ parentRefs, rules }: RPCRouteSpec): HTTPRouteSpec => ({
  parentRefs,
  rules: rules.map(({ matches, ...rule }) => ({ ...rule, matches: matches.flatMap(toMatches) })),
});

function toMatches({ entrypoint, method, caller }: RPCRouteMatch): HTTPRouteMatch[] {
  const methods = method === undefined ? [undefined] : [method].flat();
  const headers = callerConditions(caller);
  return methods.map((name) => ({
    path: toPath(entrypoint, name),
    ...(headers.length > 0 ? { headers } : {}),
  }));
}

function toPath(
  entrypoint: string | undefined,
  method: string | undefined,
): HTTPRouteMatch["path"] {
  if (entrypoint !== undefined && method !== undefined)
    return { type: "Exact", value: `/${entrypoint}/${method}` };
  if (method !== undefined)
    return {
      type: "RegularExpression",
      value: `/[^/]+/${method.replaceAll(/[.$]/g, String.raw`\$&`)}`,
    };
  return { type: "PathPrefix", value: entrypoint === undefined ? "/" : `/${entrypoint}` };
}

/** As HTTPRoutes ask for the caller. */
function callerConditions(caller: RPCRouteMatch["caller"]): NonNullable<HTTPRouteMatch["headers"]> {
  const exact = (name: string, value: string) => ({ name, value, type: "Exact" as const });
  const { namespace, name, labels = {} } = caller ?? {};
  const whole = {
    name: "heddle-caller",
    value: `[^/]+/${name}`,
    type: "RegularExpression" as const,
  };
  return [
    ...(namespace === undefined ? [] : [exact("heddle-caller-namespace", namespace)]),
    ...(name === undefined ? [] : [whole]),
    ...Object.entries(labels).map(([key, value]) =>
      exact(`heddle-caller-label-${key.replaceAll("/", "~")}`, value),
    ),
  ];
}
