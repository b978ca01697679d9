// Owns many seeds in a row: each is a run of the whole mesh and one of the model of size.
import { randomOf } from "./core/random.ts";
import { START_MS } from "./core/trace.ts";
import { noneMet, type InvariantName, type Violation } from "./judge/invariants.ts";
import { runSeed, type SeedReport } from "./run.ts";
import { runScale, type ScaleReport } from "./scale.ts";
import { FAULTS, type FaultName } from "./scenario/swarm.ts";

/** What is asked for. */
export interface ManyOptions {
  readonly seeds: number;
  /** Calls per seed, about and rather more: a tenth through the whole mesh, the rest through the model of size. */
  readonly calls: number;
  /** The first seed; the others follow it. Default: 1. */
  readonly firstSeed?: number;
  /** Hears of each seed that is done. */
  readonly onSeed?: (done: number, report: SeedReport) => void;
}

/** What came of many seeds. */
export interface ManyReport {
  readonly seeds: number;
  readonly firstSeed: number;
  readonly calls: number;
  /** Of them, through the chains themselves. */
  readonly wholeCalls: number;
  /** Of all seeds, in their order. */
  readonly hash: string;
  readonly met: Readonly<Record<InvariantName, number>>;
  /** Invariants whose precondition was never met: their silence says nothing. */
  readonly neverMet: readonly InvariantName[];
  readonly fired: Readonly<Record<FaultName, number>>;
  readonly broken: number;
  /** The first of them. */
  readonly violations: readonly Violation[];
}

const KEPT = 10;
/** A run of the model takes at least as long, s. */
const MODEL_S = 53;
/** Share of a seed's calls that go the whole way. */
const WHOLE = 0.1;

/** Runs seeds one after the other. */
export async function runMany(options: ManyOptions): Promise<ManyReport> {
  const { seeds, calls, firstSeed = 1, onSeed } = options;
  const met = noneMet();
  const fired = Object.fromEntries(FAULTS.map((name) => [name, 0])) as Record<FaultName, number>;
  const violations: Violation[] = [];
  let broken = 0;
  let wholeCalls = 0;
  let allCalls = 0;
  let hash = 0;
  for (let seed = firstSeed; seed < firstSeed + seeds; seed += 1) {
    const report = await runSeed(seed, calls * WHOLE);
    const model = runScale(drawScale(seed, calls * (1 - WHOLE)));
    const breach = breachOf(seed, model);
    wholeCalls += report.calls;
    allCalls += report.calls + model.calls;
    broken += report.broken + breach.length;
    violations.push(...[...report.violations, ...breach].slice(0, KEPT - violations.length));
    met.I8 += model.generations;
    for (const name of keysOf(report.met)) met[name] += report.met[name];
    for (const [name, count] of Object.entries(report.fired)) fired[name as FaultName] += count;
    hash = (Math.imul(hash, 31) + Number.parseInt(report.hash, 16) + hashOf(model)) | 0;
    onSeed?.(seed - firstSeed + 1, report);
  }
  return {
    seeds,
    firstSeed,
    calls: allCalls,
    wholeCalls,
    hash: (hash >>> 0).toString(16).padStart(8, "0"),
    met,
    neverMet: keysOf(met).filter((name) => met[name] === 0),
    fired,
    broken,
    violations,
  };
}

const keysOf = <K extends string>(record: Readonly<Record<K, unknown>>): readonly K[] =>
  Object.keys(record) as K[];

/** Isolates, rate, loss and how bad the outage is, drawn for a seed. */
function drawScale(seed: number, calls: number): Parameters<typeof runScale>[0] {
  const random = randomOf(Math.imul(seed, 0x85ebca6b));
  const isolates = Math.floor(10 ** (1 + 2 * random()));
  return {
    isolates,
    rate: calls / isolates / MODEL_S,
    seed,
    lossShare: random() ** 2 * 0.3,
    failShare: 0.6 + 0.4 * random(),
  };
}

/** The circuit may never be stuck, probed by too many, or asked too much. */
function breachOf(seed: number, model: ScaleReport): readonly Violation[] {
  const details = [
    model.mostProbes > 3 ? `${model.mostProbes} probes were out at once` : "",
    model.openedMs >= 0 && model.closedMs < 0 ? "the circuit did not close" : "",
    model.rounds > 2 ? `it took ${model.rounds} rounds to close` : "",
    model.objectPeak > 500 ? `an object was called ${model.objectPeak} times in a second` : "",
  ];
  return details
    .filter((detail) => detail !== "")
    .map((detail) => ({ seed, invariant: "I8", detail, atMs: START_MS, trace: [] }));
}

const hashOf = ({ calls, wasted, openedMs, closedMs }: ScaleReport): number =>
  (calls * 31 + wasted * 17 + Math.floor(openedMs) * 7 + Math.floor(closedMs)) | 0;
