// Owns the power of two choices: two endpoints drawn by weight, the less loaded one taken.
import type { Weighted } from "./round-robin.ts";

/**
 * Index of the endpoint to take among the eligible ones, or -1. Two different ones are drawn by weight; the one with the
 * fewer calls in flight per weight is taken, the first drawn on a tie, so that idle endpoints share by weight.
 */
export const pickP2c = (
  endpoints: readonly Weighted[],
  inFlight: (index: number) => number,
  isEligible: (index: number) => boolean,
  random: () => number,
): number => {
  const first = draw(endpoints, isEligible, -1, random);
  const second = draw(endpoints, isEligible, first, random);
  if (second < 0) return first;
  const load = (index: number): number => inFlight(index) / (endpoints[index]?.weight ?? 1);
  return load(second) < load(first) ? second : first;
};

const draw = (
  endpoints: readonly Weighted[],
  isEligible: (index: number) => boolean,
  except: number,
  random: () => number,
): number => {
  const weightOf = (index: number): number =>
    index === except || !isEligible(index) ? 0 : (endpoints[index]?.weight ?? 0);
  let total = 0;
  let last = -1;
  for (let i = 0; i < endpoints.length; i += 1) {
    const weight = weightOf(i);
    if (weight <= 0) continue;
    total += weight;
    last = i;
  }
  if (last < 0) return -1;
  let left = random() * total;
  for (let i = 0; i < last; i += 1) {
    left -= Math.max(0, weightOf(i));
    if (left < 0) return i;
  }
  return last;
};
