// Owns saying why a rule wins: the candidates in the order they are looked at, and what each lacks.
import type { Candidate, Condition, RuleTable } from "../../contract/rule.ts";
import { indexOf, isPatternMatch, listOf, type TableIndex } from "./index-table.ts";
import { type MatchCall, matchRule } from "./match.ts";
import { queryValue } from "./query.ts";

/** One candidate that was looked at. */
export interface Considered {
  /** The path as the table has it: `= /a`, `~ /a.*` or `/a/*`. */
  readonly path: string;
  readonly rule: number;
  /** What does not hold; null for the one that wins. */
  readonly lacks: string | null;
}

/** The candidates of the paths that match, in order, up to the one that wins. */
export const explainMatch = (table: RuleTable, call: MatchCall): readonly Considered[] => {
  const index = indexOf(table);
  const winner = matchRule(table, call);
  const seen: Considered[] = [];
  for (const { path, candidates } of lists(table, index, call.path)) {
    for (const candidate of candidates) {
      const lacks = lackOf(index, candidate, call);
      seen.push({ path, rule: candidate.rule, lacks });
      if (lacks !== null) continue;
      if (candidate.rule !== winner) throw new Error("the explanation is not what is decided");
      return seen;
    }
  }
  return seen;
};

interface List {
  readonly path: string;
  readonly candidates: readonly Candidate[];
}

const lists = (table: RuleTable, index: TableIndex, path: string): readonly List[] => [
  { path: `= ${path}`, candidates: listOf(index.exact?.get(path)) },
  ...table.regex
    .filter(({ pattern }) => isPatternMatch(index, pattern, path))
    .map(({ pattern, candidates }) => ({ path: `~ ${pattern}`, candidates })),
  ...Array.from(prefixesOf(path), (prefix) => ({
    path: `${prefix}/*`,
    candidates: listOf(index.prefix.get(prefix)),
  })),
];

/** The path cut at each slash, longest first. */
function* prefixesOf(path: string): Generator<string> {
  for (let end = path.length; end > 0; end = path.lastIndexOf("/", end - 1))
    yield path.slice(0, end);
  yield "";
}

const lackOf = (index: TableIndex, candidate: Candidate, call: MatchCall): string | null => {
  const { method, headers = [], query = [] } = candidate;
  if (method !== undefined && method !== call.method)
    return `method is ${call.method}, not ${method}`;
  const other = otherLack(candidate, call);
  if (other !== null) return other;
  for (const condition of headers) {
    const lack = unmet(index, condition, call.header(condition.name));
    if (lack !== null) return `header ${condition.name} ${lack}`;
  }
  for (const condition of query) {
    const lack = unmet(index, condition, queryValue(call.query, condition.name));
    if (lack !== null) return `query parameter ${condition.name} ${lack}`;
  }
  return null;
};

const otherLack = ({ port, from }: Candidate, call: MatchCall): string | null => {
  if (port !== undefined && port !== call.port)
    return `port is ${call.port ?? "unknown"}, not ${port}`;
  if (from === undefined || from.includes(call.source ?? "")) return null;
  return `caller is ${call.source || "unknown"}, not one of ${from.join(", ") || "none"}`;
};

const unmet = (
  index: TableIndex,
  { value, regex }: Condition,
  actual: string | null,
): string | null => {
  if (actual === null) return "is missing";
  if (regex === true)
    return isPatternMatch(index, value, actual)
      ? null
      : `${JSON.stringify(actual)} does not match ${value}`;
  return actual === value ? null : `is ${JSON.stringify(actual)}, not ${JSON.stringify(value)}`;
};
