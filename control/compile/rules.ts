// Owns how a route's rules become rules of the table: backends resolved, durations in ms, defaults of a written retry.
import { toMilliseconds } from "../../mesh/contract/resources/duration.ts";
import type {
  HTTPRouteMatch,
  HTTPRouteRule,
  HTTPRouteSpec,
} from "../../mesh/contract/resources/http-route.ts";
import type { Backend, RetryPolicy, Rule } from "../../mesh/contract/rule.ts";
import {
  type BackendRef,
  type RefProblem,
  type ResolvedBackend,
  type Side,
  resolveBackend,
} from "./backends.ts";
import { toSession } from "./sessions.ts";
import { type CompiledFilters, type FilterPlace, compileFilters } from "./filters.ts";
import { resolveConditions } from "./call-conditions.ts";
import { extended, namedFilters } from "./extensions.ts";
import type { Inventory, Known } from "./inventory.ts";

/** A match, with the order of its pattern among patterns where that is not the pattern's length; larger goes first. */
export type RouteMatch = HTTPRouteMatch & {
  readonly order?: number;
  readonly from?: readonly string[];
  readonly port?: number;
  /** How many header conditions were written; absent: as many as there are. */
  readonly conditions?: number;
};

/** A route ready to be laid into rule tables. */
export interface CompiledRoute {
  /** `namespace/name`. */
  readonly id: string;
  /** Its matches are tried in the order they are listed in, before those of other routes. */
  readonly isListed: boolean;
  readonly rules: readonly { readonly rule: Rule; readonly matches: readonly RouteMatch[] }[];
  /** The first reference that does not resolve. */
  readonly problem: RefProblem | null;
}

const MATCH_ALL: readonly HTTPRouteMatch[] = [{ path: { type: "PathPrefix", value: "/" } }];

/** Compiles all rules of one route, for parents of one kind. */
export function compileRoute(
  route: Known<HTTPRouteSpec>,
  side: Side,
  inventory: Inventory,
): CompiledRoute {
  const problems: RefProblem[] = [];
  const resolve = (ref: BackendRef): ResolvedBackend => {
    const resolved = resolveBackend(ref, route, side, inventory);
    if (resolved.problem) problems.push(resolved.problem);
    return resolved;
  };
  const rules = route.spec.rules.map((given, index) => ({
    rule: compileRule(given, { route: route.id, index }, resolve, inventory, problems),
    matches: (given.matches.length > 0 ? given.matches : MATCH_ALL).map((match) =>
      resolveConditions(match, inventory),
    ),
  }));
  const isListed = route.stored.metadata.annotations?.[PRECEDENCE] === "listed";
  return { id: route.id, isListed, rules, problem: problems[0] ?? null };
}

/** Annotation of a route: `listed` has its matches tried in the order they are written in. */
const PRECEDENCE = "heddle.dev/precedence";

function compileRule(
  given: HTTPRouteRule,
  name: Pick<Rule, "route" | "index">,
  resolve: (ref: BackendRef) => ResolvedBackend,
  inventory: Inventory,
  problems: RefProblem[],
): Rule {
  const filtersOf = (place: FilterPlace, filters: HTTPRouteRule["filters"]): CompiledFilters =>
    compileFilters(filters, place, given.matches[0]?.path.value ?? "/", (ref, weight) =>
      resolve({ ...ref, weight }),
    );
  const plain = filtersOf("rule", given.filters);
  const named = namedFilters(given.filters, name.route.split("/")[0] ?? "", inventory);
  const message = "An HTTPFilter that the rule names does not exist.";
  if (named.includes(null)) problems.push({ reason: "FilterNotFound", message });
  const own = {
    fields: named.reduce((fields, spec) => (spec ? extended(fields, spec) : fields), plain.fields),
    isBroken: plain.isBroken || named.includes(null),
  };
  const backends = (given.backendRefs ?? []).map((ref): Backend => {
    const { backend } = resolve(ref);
    const { fields, isBroken } = filtersOf("backendRef", ref.filters);
    const { transform, mirrors } = fields;
    return {
      ...backend,
      ...(isBroken || own.isBroken ? { invalid: true } : {}),
      ...(transform ? { transform } : {}),
      ...(mirrors ? { mirrors } : {}),
    };
  });
  const mirrors = own.fields.mirrors ?? (backends.some((backend) => backend.mirrors) ? [] : null);
  return {
    ...name,
    ...(given.name ? { name: given.name } : {}),
    backends,
    ...toTimeouts(given.timeouts),
    ...(given.retry ? { retry: toRetry(given.retry, inventory) } : {}),
    ...(given.sessionPersistence
      ? { session: toSession(given.sessionPersistence, `${name.route} ${name.index}`) }
      : {}),
    ...own.fields,
    ...(mirrors ? { mirrors } : {}),
  };
}

/** Every service that calls by this rule can lead to. */
export const targetsOf = (rule: Rule): readonly Backend[] => [
  ...rule.backends,
  ...[rule, ...rule.backends].flatMap(({ mirrors }) => mirrors ?? []),
];

/** Timeouts as the table has them. */
export function toTimeouts(given: HTTPRouteRule["timeouts"]): Pick<Rule, "timeoutMs" | "perTryMs"> {
  return {
    ...(given?.request ? { timeoutMs: toMilliseconds(given.request) } : {}),
    ...(given?.backendRequest ? { perTryMs: toMilliseconds(given.backendRequest) } : {}),
  };
}

/** A written `retry` over the default one. */
export function toRetry(
  given: NonNullable<HTTPRouteRule["retry"]>,
  { defaults }: Inventory,
): RetryPolicy {
  const { retry } = defaults;
  const backoffBaseMs = given.backoff ? toMilliseconds(given.backoff) : retry.backoffBaseMs;
  return {
    attempts: given.attempts ?? retry.attempts,
    codes: given.codes ?? retry.codes,
    backoffBaseMs,
    backoffCapMs: Math.max(backoffBaseMs, retry.backoffCapMs),
  };
}
