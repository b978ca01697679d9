// Owns which rule a call matches, in the order of Gateway API's HTTPRoute precedence: exact path, regular expression,
// longest prefix by segment; inside one path the table's own order (method, number of headers, of query parameters,
// then age). Must not know hosts (host.ts) nor what a rule does.
import type { Candidate, Condition, RuleTable } from "../../contract/rule.ts";
import type { Candidates, Entry, TableIndex } from "./index-table.ts";
import { type Source, SHORT, firstIn, lookupOf } from "./candidates.ts";
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
  /** The workload `ns/name` that calls; absent where the mesh knows none. */
  readonly source?: string;
  readonly port?: number;
}

/** Index of the rule that wins, or -1; the first candidate of the most specific path whose conditions all hold. */
export const matchRule = (table: RuleTable, call: MatchCall): number => {
  const index = indexOf(table);
  if (index.exact !== null) {
    const exact = firstHolding(index, index.exact.get(call.path), call);
    if (exact >= 0) return exact;
  }
  for (const { pattern, candidates } of table.regex) {
    const rule = isPatternMatch(index, pattern, call.path) ? firstOf(index, candidates, call) : -1;
    if (rule >= 0) return rule;
  }
  return longestPrefix(index, call);
};

const longestPrefix = (index: TableIndex, call: MatchCall): number => {
  const { path } = call;
  const { maxPrefix, prefix } = index;
  let end = path.length <= maxPrefix ? path.length : path.lastIndexOf("/", maxPrefix);
  while (end > 0) {
    const rule = firstHolding(index, prefix.get(path.slice(0, end)), call);
    if (rule >= 0) return rule;
    end = path.lastIndexOf("/", end - 1);
  }
  return firstHolding(index, prefix.get(""), call);
};

const firstHolding = (index: TableIndex, entry: Entry | undefined, call: MatchCall): number => {
  if (entry === undefined) return -1;
  if (typeof entry === "number") return entry;
  const { list } = entry;
  return list.length > SHORT ? ofMany(index, entry, call) : firstOf(index, list, call);
};

const firstOf = (index: TableIndex, list: readonly Candidate[], call: MatchCall): number => {
  for (const candidate of list) if (isHolding(index, candidate, call)) return candidate.rule;
  return -1;
};

const ofMany = (index: TableIndex, candidates: Candidates, call: MatchCall): number => {
  const lookup = (candidates.lookup ??= lookupOf(candidates.list));
  const read = (of: Source, name: string): string | null =>
    of === "headers" ? call.header(name) : queryValue(call.query, name);
  const at = firstIn(lookup, read, (candidate) => isHolding(index, candidate, call));
  return candidates.list[at]?.rule ?? -1;
};

const isHolding = (index: TableIndex, candidate: Candidate, call: MatchCall): boolean => {
  const { method, headers, query } = candidate;
  if (method !== undefined && method !== call.method) return false;
  if (!isFor(candidate, call)) return false;
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

/** Caller and port. */
const isFor = ({ from, port }: Candidate, call: MatchCall): boolean =>
  (port === undefined || port === call.port) &&
  (from === undefined || from.includes(call.source ?? ""));

const isMet = (index: TableIndex, condition: Condition, value: string | null): boolean => {
  if (value === null) return false;
  return condition.regex === true
    ? isPatternMatch(index, condition.value, value)
    : value === condition.value;
};
