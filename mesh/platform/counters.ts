// Dev only: counters of calls and attempts since the isolate was born, bounded; `heddle dev` reads them at any time.
import type { Reason } from "../contract/reasons.ts";
import type { AttemptRecord, CallRecord } from "../pipeline/isolate.ts";

/** Distinct counters that are kept; past it, all new ones share one, so that no input grows the memory. */
const MOST_KEYS = 2000;
const OTHER = "other";

type Level<T> = Map<string, T>;
/** Nested by words that live in the table: looking them up hashes nothing anew, as one joined key would. */
type Tree = Level<Level<Level<Level<Level<number>>>>>;

/** Cumulative counts since the isolate was born, by up to five words. */
export interface Counters {
  count(kind: string, first: string, second: string, third: string, reason: Reason | null): void;
  readonly tree: Tree;
}

export function createCounters(): Counters {
  const tree: Tree = new Map();
  let size = 0;
  const add = (kind: string, words: readonly [string, string, string], reason: string): void => {
    const leaf = child(child(child(child(tree, kind), words[0]), words[1]), words[2]);
    const known = leaf.get(reason);
    if (known === undefined) size += 1;
    leaf.set(reason, (known ?? 0) + 1);
  };
  return {
    count(kind, first, second, third, reason) {
      const leaf = tree.get(kind)?.get(first)?.get(second)?.get(third);
      const label = reason ?? "ok";
      const known = leaf?.get(label);
      if (leaf !== undefined && known !== undefined) leaf.set(label, known + 1);
      else if (size < MOST_KEYS) add(kind, [first, second, third], label);
      else add(OTHER, ["", "", ""], OTHER);
    },
    tree,
  };
}

/** Counts a call or an attempt. */
export function countIn(
  counters: Counters,
  record: CallRecord | AttemptRecord,
  isDegraded: boolean,
): void {
  const { source, destination, endpoint, reason } = record;
  if (!("side" in record)) return counters.count("attempt", destination, endpoint, "", reason);
  const { side, bypassed } = record;
  counters.count("call", side, source, destination, reason);
  for (const feature of bypassed) counters.count("bypassed", feature, destination, "", null);
  if (isDegraded) counters.count("degraded", side, "", "", null);
}

/** Flat: `kind|first|second|third|reason`, where `ok` stands for no reason. */
export const entriesOf = ({ tree }: Counters): Readonly<Record<string, number>> =>
  Object.fromEntries(flatten(tree, ""));

function child<T>(level: Level<Level<T>>, word: string): Level<T> {
  let found = level.get(word);
  if (found === undefined) {
    found = new Map();
    level.set(word, found);
  }
  return found;
}

function* flatten(level: Level<unknown>, path: string): Generator<[string, number]> {
  for (const [word, below] of level) {
    const at = path === "" ? word : `${path}|${word}`;
    if (below instanceof Map) yield* flatten(below as Level<unknown>, at);
    else if (typeof below === "number") yield [at, below];
  }
}
