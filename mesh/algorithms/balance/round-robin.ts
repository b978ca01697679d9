// Owns smooth weighted round robin (nginx): endpoints take turns by weight, spread out rather than in runs.

/** Of an endpoint, its share: a number above 0; 0 takes no turn. */
export interface Weighted {
  readonly weight: number;
}

/**
 * Index of the endpoint whose turn it is among the eligible ones, or -1. `turns` is the state, one number per endpoint,
 * begun as an empty array and changed in place; it begins anew when the number of endpoints changes.
 */
export const pickRoundRobin = (
  endpoints: readonly Weighted[],
  turns: number[],
  isEligible: (index: number) => boolean,
): number => {
  if (turns.length !== endpoints.length) {
    turns.length = 0;
    for (const _ of endpoints) turns.push(0);
  }
  let total = 0;
  let best = -1;
  let bestTurn = 0;
  for (let i = 0; i < endpoints.length; i += 1) {
    const weight = endpoints[i]?.weight ?? 0;
    if (weight <= 0 || !isEligible(i)) continue;
    const turn = (turns[i] ?? 0) + weight;
    turns[i] = turn;
    total += weight;
    if (best >= 0 && turn <= bestTurn) continue;
    best = i;
    bestTurn = turn;
  }
  if (best >= 0) turns[best] = bestTurn - total;
  return best;
};
