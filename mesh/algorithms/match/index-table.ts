// Owns what is made of a rule table at its first use: bound of the prefix walk and compiled patterns.
// Cached by the table itself, so it goes when the table goes.
import type { Candidate, RuleTable } from "../../contract/rule.ts";
import type { Lookup } from "./candidates.ts";

/** Candidates of one path; many of them with the look-up form that is made when they are first asked. */
export interface Candidates {
  readonly list: readonly Candidate[];
  lookup: Lookup | null;
}

/** A path's candidates, or the rule that takes every call of it: with many paths each object left out is a cache line. */
export type Entry = Candidates | number;

/** The look-up form of one rule table. */
export interface TableIndex {
  /** Null where there is none. */
  readonly exact: ReadonlyMap<string, Entry> | null;
  readonly prefix: ReadonlyMap<string, Entry>;
  /** Length of the longest prefix: a path is not looked up beyond it, however long an attacker makes it. */
  readonly maxPrefix: number;
  /** Compiled patterns of this table, null where one does not compile: it then matches nothing. */
  patterns: Map<string, RegExp | null> | null;
}

const indexes = new WeakMap<RuleTable, TableIndex>();

/** The index of a table, made at its first use. */
export const indexOf = (table: RuleTable): TableIndex => indexes.get(table) ?? made(table);

/** Whether the whole text matches the pattern (Envoy's `safe_regex` reading of Gateway API `RegularExpression`). */
export const isPatternMatch = (index: TableIndex, pattern: string, text: string): boolean => {
  const patterns = (index.patterns ??= new Map());
  let compiled = patterns.get(pattern);
  if (compiled === undefined) {
    compiled = compile(pattern);
    patterns.set(pattern, compiled);
  }
  return compiled !== null && compiled.test(text);
};

const made = (table: RuleTable): TableIndex => {
  const exact = toMap(table.exact);
  const prefix = toMap(table.prefix);
  let maxPrefix = 0;
  for (const key of prefix.keys()) maxPrefix = Math.max(maxPrefix, key.length);
  const index = { exact: exact.size > 0 ? exact : null, prefix, maxPrefix, patterns: null };
  indexes.set(table, index);
  return index;
};

const toMap = (given: RuleTable["prefix"]): Map<string, Entry> => {
  const map = new Map<string, Entry>();
  for (const [path, list] of Object.entries(given)) {
    const [first] = list;
    const isOpen = first !== undefined && isUnconditional(first);
    map.set(path, isOpen ? first.rule : { list, lookup: null });
  }
  return map;
};

const isUnconditional = ({ method, headers, query, from, port }: Candidate): boolean =>
  (method ?? headers ?? query ?? from ?? port) === undefined;

/** The candidates of an entry. */
export const listOf = (entry: Entry | undefined): readonly Candidate[] => {
  if (entry === undefined) return [];
  return typeof entry === "number" ? [{ rule: entry }] : entry.list;
};

const compile = (pattern: string): RegExp | null => {
  const isFolded = pattern.startsWith("(?i)");
  try {
    return new RegExp(`^(?:${isFolded ? pattern.slice(4) : pattern})$`, isFolded ? "is" : "s");
  } catch {
    return null;
  }
};
