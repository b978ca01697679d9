// Owns what is made of a rule table at its first use: bound of the prefix walk and compiled patterns.
// Cached by the table itself, so it goes when the table goes.
import type { Candidate, RuleTable } from "../../contract/table.ts";

/** The look-up form of one rule table. */
export interface TableIndex {
  readonly exact: ReadonlyMap<string, readonly Candidate[]>;
  readonly prefix: ReadonlyMap<string, readonly Candidate[]>;
  /** Length of the longest prefix: a path is not looked up beyond it, however long an attacker makes it. */
  readonly maxPrefix: number;
  /** Compiled patterns of this table, null where one does not compile: it then matches nothing. */
  readonly patterns: Map<string, RegExp | null>;
}

const indexes = new WeakMap<RuleTable, TableIndex>();

/** The index of a table, made at its first use. */
export const indexOf = (table: RuleTable): TableIndex => indexes.get(table) ?? made(table);

/** Whether the whole text matches the pattern (Envoy's `safe_regex` reading of Gateway API `RegularExpression`). */
export const isPatternMatch = (index: TableIndex, pattern: string, text: string): boolean => {
  let compiled = index.patterns.get(pattern);
  if (compiled === undefined) {
    compiled = compile(pattern);
    index.patterns.set(pattern, compiled);
  }
  return compiled !== null && compiled.test(text);
};

const made = (table: RuleTable): TableIndex => {
  const prefix = new Map(Object.entries(table.prefix));
  let maxPrefix = 0;
  for (const key of prefix.keys()) maxPrefix = Math.max(maxPrefix, key.length);
  const index = {
    exact: new Map(Object.entries(table.exact)),
    prefix,
    maxPrefix,
    patterns: new Map(),
  };
  indexes.set(table, index);
  return index;
};

const compile = (pattern: string): RegExp | null => {
  const isFolded = pattern.startsWith("(?i)");
  try {
    return new RegExp(`^(?:${isFolded ? pattern.slice(4) : pattern})$`, isFolded ? "is" : "s");
  } catch {
    return null;
  }
};
