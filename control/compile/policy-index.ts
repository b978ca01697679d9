// Owns which key each rule is found by, so that a request meets a handful of rules, however many there are.
import type { PolicyRule, PolicySubject, PolicyTest, RuleSet } from "../../mesh/contract/policy.ts";

/** Rules with their index: each under the kind of key that parts it best from the others. */
export function indexRules(rules: readonly PolicyRule[]): RuleSet {
  const choices = rules.map(choicesOf);
  const crowd = new Map<string, number>();
  for (const key of choices.flat(2)) crowd.set(key, (crowd.get(key) ?? 0) + 1);
  const index: Record<string, number[]> = {};
  const rest: number[] = [];
  choices.forEach((options, number) => {
    const keys = options.toSorted((a, b) => worst(a, crowd) - worst(b, crowd))[0];
    if (keys === undefined) rest.push(number);
    else for (const key of new Set(keys)) (index[key] ??= []).push(number);
  });
  return { rules, index, rest };
}

const worst = (keys: readonly string[], crowd: ReadonlyMap<string, number>): number =>
  Math.max(...keys.map((key) => crowd.get(key) ?? 0));

/** Sets of keys, each of which finds the rule whenever it could hold. */
const choicesOf = ({ all }: PolicyRule): string[][] =>
  all.flatMap((groups) =>
    [PRINCIPAL, NAMESPACE, OPERATION].flatMap((keysOf) => {
      const found = groups.map(keysOf);
      return found.some((keys) => keys === null) ? [] : [found.flatMap((keys) => keys ?? [])];
    }),
  );

type KeysOf = (tests: readonly PolicyTest[]) => readonly string[] | null;

const exactly =
  (on: PolicySubject, prefix: string): KeysOf =>
  (tests) => {
    const values = valuesOf(tests, on);
    return values === null || values.some((value) => value.includes("*"))
      ? null
      : values.map((value) => `${prefix}:${value}`);
  };

const PRINCIPAL = exactly("caller", "c");
const NAMESPACE = exactly("namespace", "n");
const RPC = exactly("rpc", "r");
const HOST = exactly("host", "h");
const OPERATION: KeysOf = (tests) => RPC(tests) ?? pathKeys(tests) ?? HOST(tests);

function pathKeys(tests: readonly PolicyTest[]): readonly string[] | null {
  const keys = valuesOf(tests, "path")?.map(pathKey);
  return keys?.every((key) => key !== null) ? keys : null;
}

/** Of a prefix or a template the first segment, where that is whole. */
function pathKey(pattern: string): string | null {
  if (!/[*{]/.test(pattern)) return `p:${pattern}`;
  const first = /^\/([^*{}/]+)\//.exec(pattern)?.[1];
  return first === undefined ? null : `s:${first}`;
}

const valuesOf = (tests: readonly PolicyTest[], on: PolicySubject): readonly string[] | null =>
  tests.find((test) => test.on === on && test.not !== true)?.values ?? null;
