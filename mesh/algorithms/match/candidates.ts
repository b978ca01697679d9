// Owns finding the first of many candidates of one path: a long list is cut by the value of the header or parameter that
// tells most of its candidates apart, so that the time does not grow with their number.
import type { Candidate, Condition } from "../../contract/rule.ts";

/** A candidate and its place in the order of precedence. */
export interface Placed {
  readonly candidate: Candidate;
  readonly at: number;
}

/**
 * The place of the one candidate, of which nothing is left to ask; a short list; or the lists by value, where `rest` holds
 * what any value may match.
 */
export type Lookup =
  | number
  | { readonly list: readonly Placed[] }
  | {
      readonly of: Source;
      readonly name: string;
      readonly byValue: ReadonlyMap<string, Lookup>;
      readonly rest: Lookup;
    };
/** Where a condition's value is read. */
export type Source = "headers" | "query";

/** No list longer than this is walked where values tell its candidates apart. */
export const SHORT = 8;

/** The look-up form of a list. */
export const lookupOf = (candidates: readonly Candidate[]): Lookup =>
  cut(
    candidates.map((candidate, at) => ({ candidate, at })),
    new Set(),
  );

/** Place of the first candidate that holds and stands before `below`, or -1. */
export const firstIn = (
  lookup: Lookup,
  read: (of: Source, name: string) => string | null,
  holds: (candidate: Candidate) => boolean,
  below: number = Infinity,
): number => {
  if (typeof lookup === "number") return lookup < below ? lookup : -1;
  if ("list" in lookup) {
    for (const { candidate, at } of lookup.list) {
      if (at >= below) return -1;
      if (holds(candidate)) return at;
    }
    return -1;
  }
  const value = read(lookup.of, lookup.name);
  const bucket = value === null ? undefined : lookup.byValue.get(value);
  const found = bucket === undefined ? -1 : firstIn(bucket, read, holds, below);
  const other = firstIn(lookup.rest, read, holds, found < 0 ? below : found);
  return other < 0 ? found : other;
};

/** Cuts by the name with the most exact conditions; `used` names tell nothing apart any more. */
const cut = (list: readonly Placed[], used: ReadonlySet<string>): Lookup => {
  const key = list.length > SHORT ? sharpest(list, used) : null;
  const [first] = list;
  if (key === null) return first && isAnswered(first.candidate, used) ? first.at : { list };
  const of: Source = key.startsWith("h") ? "headers" : "query";
  const name = key.slice(1);
  const values = new Map<string, Placed[]>();
  const rest: Placed[] = [];
  for (const placed of list) {
    const value = valueOf(placed.candidate, of, name);
    if (value === undefined) rest.push(placed);
    else {
      const bucket = values.get(value);
      if (bucket === undefined) values.set(value, [placed]);
      else bucket.push(placed);
    }
  }
  const deeper = new Set([...used, key]);
  const byValue = new Map<string, Lookup>();
  for (const [value, bucket] of values) byValue.set(value, cut(bucket, deeper));
  return { of, name, byValue, rest: cut(rest, deeper) };
};

/** Whether the values it was found by are all it asks for. */
const isAnswered = (candidate: Candidate, used: ReadonlySet<string>): boolean => {
  const { method, from, port, headers = NONE, query = NONE } = candidate;
  const isFound = (sign: string, { name, regex }: Condition): boolean =>
    regex !== true && used.has(sign + name);
  return (
    (method ?? from ?? port) === undefined &&
    headers.every((condition) => isFound("h", condition)) &&
    query.every((condition) => isFound("q", condition))
  );
};

/** `h` or `q` and the name that most candidates have an exact condition on; null where fewer than two have one. */
const sharpest = (list: readonly Placed[], used: ReadonlySet<string>): string | null => {
  const counts = new Map<string, number>();
  const count = (sign: string, conditions: readonly Condition[] | undefined): void => {
    for (const { name, regex } of conditions ?? NONE)
      if (regex !== true) counts.set(sign + name, (counts.get(sign + name) ?? 0) + 1);
  };
  for (const { candidate } of list) {
    count("h", candidate.headers);
    count("q", candidate.query);
  }
  let best: string | null = null;
  let most = 1;
  for (const [key, size] of counts) {
    if (size <= most || used.has(key)) continue;
    best = key;
    most = size;
  }
  return best;
};

const NONE: readonly Condition[] = [];

const valueOf = (candidate: Candidate, of: Source, name: string): string | undefined => {
  for (const condition of candidate[of] ?? NONE)
    if (condition.name === name && condition.regex !== true) return condition.value;
  return undefined;
};
