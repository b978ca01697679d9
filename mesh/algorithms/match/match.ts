// Owns which rule a call matches, in the order of Gateway API's HTTPRoute precedence: exact path, regular expression,
// longest prefix by segment; inside one path the table's own order (method, number of headers, of query parameters,
// then age). Must not know hosts (host.ts) nor what a rule does.
import type { Candidate, Condition, RuleTable } from "../../contract/table.ts";
import type { TableIndex } from "./index-table.ts";
import { indexOf, isPatternMatch } from "./index-table.ts";
import { queryValue } from "./query.ts";

/** What a match looks at. */
export interface MatchCall {
  readonly method: string;
  /** Raw, beginning with `/`, without query. */
  readonly path: string;
  /** Raw, without `?`; empty where there is none. */
  readonly query: string;
  /** A header by its name as the table writes it (lower case); null where the call has none. */
  header(name: string): string | null;
}

const SLASH = 0x2f;

/** Index of the rule that wins, or -1; the first candidate of the most specific path whose conditions all hold. */
export const matchRule = (table: RuleTable, call: MatchCall): number => {
  const index = indexOf(table);
  const exact = firstHolding(index, index.exact.get(call.path), call);
  if (exact >= 0) return exact;
  for (const { pattern, candidates } of table.regex) {
    const rule = isPatternMatch(index, pattern, call.path)
      ? firstHolding(index, candidates, call)
      : -1;
    if (rule >= 0) return rule;
  }
  return longestPrefix(index, call);
};

const longestPrefix = (index: TableIndex, call: MatchCall): number => {
  const { path } = call;
  let end = Math.min(path.length, index.maxPrefix);
  for (; end > 0; end -= 1) {
    if (end < path.length && path.charCodeAt(end) !== SLASH) continue;
    const rule = firstHolding(index, index.prefix.get(path.slice(0, end)), call);
    if (rule >= 0) return rule;
  }
  return firstHolding(index, index.prefix.get(""), call);
};

const firstHolding = (
  index: TableIndex,
  candidates: readonly Candidate[] | undefined,
  call: MatchCall,
): number => {
  if (candidates === undefined) return -1;
  for (const candidate of candidates) if (isHolding(index, candidate, call)) return candidate.rule;
  return -1;
};

const isHolding = (index: TableIndex, candidate: Candidate, call: MatchCall): boolean => {
  const { method, headers, query } = candidate;
  if (method !== undefined && method !== call.method) return false;
  if (headers !== undefined) {
    for (const condition of headers)
      if (!isMet(index, condition, call.header(condition.name))) return false;
  }
  if (query !== undefined) {
    for (const condition of query)
      if (!isMet(index, condition, queryValue(call.query, condition.name))) return false;
  }
  return true;
};

const isMet = (index: TableIndex, condition: Condition, value: string | null): boolean => {
  if (value === null) return false;
  return condition.regex === true
    ? isPatternMatch(index, condition.value, value)
    : value === condition.value;
};
