// Owns how long calls may take and how often they are tried where a TrafficPolicy says so: what a rule says itself holds
// first, then what a policy says of its route, of the service it belongs to, and of the service that it leads to.
import type { TrafficPolicySpec } from "../../mesh/contract/resources/traffic-policy.ts";
import type { CallBounds, Rule } from "../../mesh/contract/rule.ts";
import type { Inventory } from "./inventory.ts";
import type { Reuse } from "./reuse.ts";
import { type CompiledRoute, toRetry, toTimeouts } from "./rules.ts";

/** What a policy says of calls, compiled; null where it says nothing of them. */
export function toBounds(
  { timeouts, retry }: Pick<TrafficPolicySpec, "timeouts" | "retry">,
  inventory: Inventory,
): CallBounds | null {
  if ((timeouts ?? retry) === undefined) return null;
  return {
    ...toTimeouts(timeouts),
    // One policy for many kinds of calls cannot know which of them may be repeated, as a rule's author does.
    ...(retry ? { retry: { ...toRetry(retry, inventory), isBudgeted: true } } : {}),
  };
}

/** Bounds by service and by route. */
export interface BoundsBy {
  readonly services: ReadonlyMap<string, { readonly bounds?: CallBounds }>;
  readonly routes: ReadonlyMap<string, CallBounds>;
}

/** A route for one service, or for Gateways (null), with the bounds that policies set for its rules. */
export type Bound = (route: CompiledRoute, parent: string | null) => CompiledRoute;

/** Within one compilation a route given twice for the same parent comes back as one. */
export function createBound({ services, routes }: BoundsBy, reuse: Reuse): Bound {
  const isEmpty = routes.size === 0 && [...services.values()].every(({ bounds }) => !bounds);
  if (isEmpty) return (route) => route;
  const made = new Map<CompiledRoute, Map<string | null, CompiledRoute>>();
  const boundsOf = (rule: Rule, parent: string | null): CallBounds[] =>
    [
      routes.get(rule.route),
      services.get(parent ?? "")?.bounds,
      services.get(onlyService(rule) ?? "")?.bounds,
    ].filter((one) => one !== undefined);
  const bind: Bound = (route, parent) => {
    const said = route.rules.map(({ rule }) => boundsOf(rule, parent));
    if (said.every((list) => list.length === 0)) return route;
    const key = `bounds ${parent ?? ""} ${route.id}`;
    return reuse.of(key, [route, JSON.stringify(said)], () => ({
      ...route,
      rules: route.rules.map((one, at) => ({ ...one, rule: over(said[at] ?? [], one.rule) })),
    }));
  };
  return (route, parent) => {
    const known = made.get(route) ?? new Map<string | null, CompiledRoute>();
    made.set(route, known);
    const found = known.get(parent) ?? bind(route, parent);
    known.set(parent, found);
    return found;
  };
}

/** The rule with what it does not say itself; the first of the list goes first. */
const over = (list: readonly CallBounds[], rule: Rule): Rule =>
  list.reduce<Rule>((sum, bounds) => ({ ...bounds, ...sum }), rule);

/** The service that all backends of a rule are. */
function onlyService({ backends }: Rule): string | null {
  const [first] = backends;
  return first && backends.every(({ service }) => service === first.service) ? first.service : null;
}
