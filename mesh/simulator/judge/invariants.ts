// Owns what must never be otherwise, and how often each was put to the test: an invariant that nothing tries is no proof.
import type { TraceEntry } from "../core/trace.ts";
import type { World } from "../core/world.ts";

/** What holds in every run; docs/simulator.md says more of each. */
export const INVARIANTS = {
  I1: "a handler runs only for an authenticated caller that is not revoked beyond the bound",
  I2: "no request proof is accepted twice in one isolate",
  I3: "an answer is accepted only if the callee made it for that call",
  I4: "a caller once refused as revoked is never let in again by that isolate",
  I5: "attempts stay within the policy, and retries within a tenth (a quarter in any 10 s) of an outage's calls",
  I6: "what may not happen twice is not sent again once it may have begun",
  I7: "a call ends by its deadline",
  I8: "an open circuit lets only leased probes pass, closes after recovery, and is never stuck",
  I9: "a call finds an endpoint wherever there is one",
  I12: "a table that is not signed by control is never used, and its version never goes back",
  I13: "with any one of control, KV and objects away no call fails for it",
  I15: "nothing of one call shows in another",
  I18: "a minute after the last fault every call succeeds",
} as const;
export type InvariantName = keyof typeof INVARIANTS;

/** One breach, with the end of the trace that led to it. */
export interface Violation {
  readonly seed: number;
  readonly invariant: InvariantName;
  readonly detail: string;
  readonly atMs: number;
  readonly trace: readonly TraceEntry[];
}

/** Breaches that are kept with their traces per run; the first of each invariant is kept beside. */
const KEPT = 3;

/** The judge of one run. */
export class Judge {
  readonly met: Record<InvariantName, number>;
  readonly violations: Violation[] = [];
  broken = 0;
  readonly #world: World;
  readonly #seed: number;

  constructor(world: World, seed: number) {
    this.#world = world;
    this.#seed = seed;
    this.met = noneMet();
  }

  /** Counts that the precondition was met, and notes a breach. */
  check(invariant: InvariantName, isKept: boolean, detail: () => string): void {
    this.met[invariant] += 1;
    if (isKept) return;
    this.broken += 1;
    const isTold = this.violations.some((other) => other.invariant === invariant);
    if (isTold && this.violations.length >= KEPT) return;
    const { nowMs } = this.#world;
    this.violations.push({
      seed: this.#seed,
      invariant,
      detail: detail(),
      atMs: nowMs,
      trace: this.#world.trace.last,
    });
  }
}

/** Counters at zero. */
export const noneMet = (): Record<InvariantName, number> =>
  Object.fromEntries(Object.keys(INVARIANTS).map((name) => [name, 0])) as Record<
    InvariantName,
    number
  >;
