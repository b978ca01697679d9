// Owns what is drawn for a seed: which of the faults there are, how many callers, and how much they call.
import { randomOf } from "../core/random.ts";
import { drawFaults, type Fault, type Weather } from "../core/weather.ts";

/** What can go wrong; each is off outside of its interval. */
export const FAULTS = [
  "control-down",
  "kv-down",
  "kv-late",
  "kv-old",
  "kv-truncated",
  "kv-forged",
  "objects-down",
  "objects-slow",
  "objects-overloaded",
  "objects-restart",
  "pulse-lost",
  "pulse-twice",
  "skew",
  "evict",
  "births",
  "callee-errors",
  "callee-outage",
  "callee-throws",
  "callee-slow",
  "callee-hangs",
  "attack",
  "revoke",
  "publish",
] as const;
export type FaultName = (typeof FAULTS)[number];

/** The weather of this mesh. */
export type Sky = Weather<FaultName>;

/** Everything that is drawn for a seed. */
export interface Swarm {
  readonly seed: number;
  readonly faults: readonly Fault<FaultName>[];
  readonly colos: number;
  /** Isolates of the calling Worker at the beginning, in all colos. */
  readonly callers: number;
  /** Calls a second and isolate. */
  readonly rate: number;
  /** Minutes before a key epoch ends that the run begins, 0 to 1. */
  readonly beforeEpoch: number;
}

/** Faults lie in the first part of a run; then nothing is wrong any more, and after a minute all must be well. */
export const FAULTY_MS = 45_000;
export const HEALING_MS = 60_000;
const PROBATION_MS = 10_000;
export const RUN_MS: number = FAULTY_MS + HEALING_MS + PROBATION_MS;

/** Chance that what befalls KV befalls it while control is away. */
const WITHOUT_CONTROL = 0.7;

/** Draws what a seed has in store; `calls` is about how many calls it makes. */
export function drawSwarm(seed: number, calls: number): Swarm {
  const random = randomOf(Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995);
  const faults = drawFaults(FAULTS, FAULTY_MS, random);
  // KV is asked only while control is silent, and mostly by isolates that are born then.
  for (const { fromMs, untilMs, share } of faults.filter(({ name }) => name.startsWith("kv-")))
    if (random() < WITHOUT_CONTROL)
      for (const name of ["control-down", "births"] as const)
        faults.push({ name, fromMs, untilMs, share });
  const callers = 2 + Math.floor(random() ** 2 * 38);
  return {
    seed,
    faults,
    colos: 1 + Math.floor(random() * 4),
    callers,
    rate: Math.max(0.02, calls / (RUN_MS / 1000) / callers),
    beforeEpoch: random(),
  };
}
