// Owns how a route's rules become rules of the table: backends resolved, durations in ms, defaults of a written retry.
import { toMilliseconds } from "../../mesh/contract/resources/duration.ts";
import type {
  HTTPRouteMatch,
  HTTPRouteRule,
  HTTPRouteSpec,
} from "../../mesh/contract/resources/http-route.ts";
import type { RetryPolicy, Rule } from "../../mesh/contract/table.ts";
import { type RefProblem, type Side, resolveBackend } from "./backends.ts";
import type { Inventory, Known } from "./inventory.ts";

/** A route ready to be laid into rule tables. */
export interface CompiledRoute {
  /** `namespace/name`. */
  readonly id: string;
  /** Position by age, then name. */
  readonly rank: number;
  readonly rules: readonly { readonly rule: Rule; readonly matches: readonly HTTPRouteMatch[] }[];
  /** The first reference that does not resolve. */
  readonly problem: RefProblem | null;
}

const MATCH_ALL: readonly HTTPRouteMatch[] = [{ path: { type: "PathPrefix", value: "/" } }];

/** Compiles all rules of one route, for parents of one kind. */
export function compileRoute(
  route: Known<HTTPRouteSpec>,
  rank: number,
  side: Side,
  inventory: Inventory,
): CompiledRoute {
  const problems: RefProblem[] = [];
  const rules = route.spec.rules.map((given, index) => {
    const resolved = (given.backendRefs ?? []).map((ref) =>
      resolveBackend(ref, route.namespace, side, inventory),
    );
    problems.push(...resolved.flatMap(({ problem }) => problem ?? []));
    const rule: Rule = {
      route: route.id,
      index,
      ...(given.name ? { name: given.name } : {}),
      backends: resolved.map(({ backend }) => backend),
      ...toTimeouts(given.timeouts),
      ...(given.retry ? { retry: toRetry(given.retry, inventory) } : {}),
    };
    return { rule, matches: given.matches.length > 0 ? given.matches : MATCH_ALL };
  });
  return { id: route.id, rank, rules, problem: problems[0] ?? null };
}

function toTimeouts(given: HTTPRouteRule["timeouts"]): Pick<Rule, "timeoutMs" | "perTryMs"> {
  return {
    ...(given?.request ? { timeoutMs: toMilliseconds(given.request) } : {}),
    ...(given?.backendRequest ? { perTryMs: toMilliseconds(given.backendRequest) } : {}),
  };
}

function toRetry(given: NonNullable<HTTPRouteRule["retry"]>, { defaults }: Inventory): RetryPolicy {
  const { retry } = defaults;
  const backoffBaseMs = given.backoff ? toMilliseconds(given.backoff) : retry.backoffBaseMs;
  return {
    attempts: given.attempts ?? retry.attempts,
    codes: given.codes ?? retry.codes,
    backoffBaseMs,
    backoffCapMs: Math.max(backoffBaseMs, retry.backoffCapMs),
  };
}
