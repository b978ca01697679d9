// Owns which backend of a rule takes a call, and which come next should it fail. Pure; the point is given.
import type { Backend } from "../../contract/rule.ts";
import { unitPoint } from "../hash/fnv.ts";

const NONE: readonly number[] = [];
// A rule has few orders (one per backend that can be chosen), so they are made once per list.
const orders = new WeakMap<readonly Backend[], (readonly number[] | undefined)[]>();

/** The point of a cohort in [0, 1): the same for a user at every hop and in every isolate. */
export const cohortPoint = (cohort: string): number => unitPoint(cohort);

/**
 * Indexes of the backends to take, in order: first the one whose share of the weights, laid end to end in declared
 * order, holds `point` in [0, 1); then the others by weight, as what a retry may take. Weight 0 never appears, an invalid
 * backend only as the chosen one and then alone (its share is answered 500, Gateway API); empty when all weights are 0.
 * Shares are exact to 2^-32. Growing the last backend's weight never takes a point away from it.
 */
export const pickBackend = (backends: readonly Backend[], point: number): readonly number[] => {
  const first = chosen(backends, point);
  if (first < 0) return NONE;
  let known = orders.get(backends);
  if (known === undefined) {
    known = [];
    orders.set(backends, known);
  }
  return (known[first] ??= inOrder(backends, first));
};

const chosen = (backends: readonly Backend[], point: number): number => {
  let total = 0;
  for (const backend of backends) total += backend.weight;
  const target = point * total;
  let sum = 0;
  let last = -1;
  for (let index = 0; index < backends.length; index += 1) {
    const weight = backends[index]?.weight ?? 0;
    if (weight <= 0) continue;
    sum += weight;
    last = index;
    if (target < sum) break;
  }
  return last;
};

const inOrder = (backends: readonly Backend[], first: number): readonly number[] => {
  if (backends[first]?.invalid === true) return [first];
  const weight = (index: number): number => backends[index]?.weight ?? 0;
  const rest = [...backends.keys()].filter(
    (index) => index !== first && weight(index) > 0 && backends[index]?.invalid !== true,
  );
  return [first, ...rest.sort((left, right) => weight(right) - weight(left))];
};
