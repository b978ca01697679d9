// Owns the index-ready form of rules: Gateway API precedence is decided here, once, so that a request only looks up.
// Precedence: exact path, regular expression, longest prefix; then method, most headers, most query parameters,
// oldest route, `namespace/name`, order of rules, order of matches.
import type { HTTPRouteMatch } from "../../mesh/contract/resources/http-route.ts";
import type { Candidate, Condition, Rule, RuleTable } from "../../mesh/contract/rule.ts";
import { compareText } from "./inventory.ts";
import type { CompiledRoute, RouteMatch } from "./rules.ts";

interface Entry {
  readonly candidate: Candidate;
  /** Smaller goes first, compared from the left. */
  readonly order: readonly number[];
}

/** Lays the rules of several routes, oldest first, into one table; a route given twice counts once. */
export function buildRuleTable(routes: readonly CompiledRoute[]): RuleTable {
  const rules: Rule[] = [];
  const byKind = {
    Exact: new Map<string, Entry[]>(),
    PathPrefix: new Map<string, Entry[]>(),
    RegularExpression: new Map<string, Entry[]>(),
  };
  const listed: { pattern: string; candidates: Candidate[] }[] = [];
  const orders = new Map<string, number>();
  const orderOf = (pattern: string): number => orders.get(pattern) ?? pattern.length;
  for (const [rank, route] of [...new Set(routes)].entries()) {
    for (const { rule, matches } of route.rules) {
      const at = rules.push(rule) - 1;
      matches.forEach((match, index) => {
        const entry = toEntry(match, at, [rank, rule.index, index]);
        if (route.isListed) {
          listed.push({ pattern: toPattern(match.path), candidates: [entry.candidate] });
          return;
        }
        if (match.order !== undefined) orders.set(match.path.value, match.order);
        const entries = byKind[match.path.type];
        const key =
          match.path.type === "PathPrefix" ? toPrefixKey(match.path.value) : match.path.value;
        const list = entries.get(key);
        if (list) list.push(entry);
        else entries.set(key, [entry]);
      });
    }
  }
  return {
    rules,
    exact: Object.fromEntries(sorted(byKind.Exact)),
    prefix: Object.fromEntries(sorted(byKind.PathPrefix)),
    regex: [
      ...listed,
      ...sorted(byKind.RegularExpression)
        .toSorted(([a], [b]) => orderOf(b) - orderOf(a))
        .map(([pattern, candidates]) => ({ pattern, candidates })),
    ],
  };
}

/** A path as a pattern for the whole of it. */
function toPattern({ type, value }: HTTPRouteMatch["path"]): string {
  if (type === "RegularExpression") return value;
  const literal = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  return type === "Exact" ? literal(value) : `${literal(toPrefixKey(value))}(?:/.*)?`;
}

const toPrefixKey = (prefix: string): string =>
  prefix.endsWith("/") ? prefix.slice(0, -1) : prefix;

function toEntry(match: RouteMatch, rule: number, position: readonly number[]): Entry {
  const headers = toConditions(match.headers, (name) => name.toLowerCase());
  const query = toConditions(match.queryParams, (name) => name);
  const candidate: Candidate = {
    rule,
    ...(match.method ? { method: match.method } : {}),
    ...(headers.length > 0 ? { headers } : {}),
    ...(query.length > 0 ? { query } : {}),
    ...(match.from ? { from: match.from } : {}),
    ...(match.port === undefined ? {} : { port: match.port }),
  };
  const conditions = match.conditions ?? headers.length;
  return { candidate, order: [match.method ? 0 : 1, -conditions, -query.length, ...position] };
}

/** Of several conditions on one name, the first counts. */
function toConditions(
  given: HTTPRouteMatch["headers"],
  toName: (name: string) => string,
): Condition[] {
  const conditions = new Map<string, Condition>();
  for (const { name, value, type } of given ?? []) {
    const key = toName(name);
    if (conditions.has(key)) continue;
    conditions.set(key, {
      name: key,
      value,
      ...(type === "RegularExpression" ? { regex: true } : {}),
    });
  }
  return [...conditions.values()];
}

/** Paths by text; candidates of a path by precedence, with what can never be reached left out. */
const sorted = (byPath: ReadonlyMap<string, readonly Entry[]>): [string, readonly Candidate[]][] =>
  [...byPath]
    .toSorted(([a], [b]) => compareText(a, b))
    .map(([path, entries]) => [
      path,
      reachable(entries.toSorted(byOrder).map(({ candidate }) => candidate)),
    ]);

function reachable(candidates: readonly Candidate[]): readonly Candidate[] {
  const last = candidates.findIndex((candidate) => Object.keys(candidate).length === 1);
  return last < 0 ? candidates : candidates.slice(0, last + 1);
}

function byOrder(a: Entry, b: Entry): number {
  for (const [index, value] of a.order.entries()) {
    const difference = value - (b.order[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
