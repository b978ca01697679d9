// Owns the mutants that nothing can tell from the original, each with the reason; they count as survivors all the same.

/** A mutant by its file below mesh/algorithms, what it says instead, and why that changes nothing. */
export const EQUIVALENT: readonly (readonly [file: string, instead: string, why: string])[] = [
  ["match/candidates.ts", "lookup <= below", "no candidate stands at another's place"],
  ["match/candidates.ts", "at > below", "no candidate stands at another's place"],
  ["split/split.ts", "index <= backends.length", "what is behind the last has no weight"],
  ["split/split.ts", "backends[index].weight", "the index is one of the list's"],
  ["split/split.ts", "backends[index].invalid", "the index is one of the list's"],
  ["split/split.ts", "backends[first].invalid", "the index is one of the list's"],
  ["breaker/evidence.ts", "seen.run > consecutive - NEARLY", "no sum comes out at just that"],
  ["breaker/evidence.ts", "calls <= minimumCalls - NEARLY", "no sum comes out at just that"],
  ["breaker/evidence.ts", "calls <= NEARLY", "calls are none or more than that"],
  [
    "breaker/evidence.ts",
    "seen.failed > failureRatio * calls - NEARLY",
    "no sum comes out at just that",
  ],
  [
    "breaker/evidence.ts",
    "seen.slow > slowRatio * calls - NEARLY",
    "no sum comes out at just that",
  ],
];

/** Why a mutant is one of them, or null. */
export function whyEquivalent(file: string, replacement: string): string | null {
  const found = EQUIVALENT.find(
    ([known, instead]) => file.endsWith(`mesh/algorithms/${known}`) && instead === replacement,
  );
  return found?.[2] ?? null;
}
