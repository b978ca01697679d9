// `heddle/testing/simulator`: the whole mesh in virtual time, from a seed (docs/simulator.md). Node code.
export type { TraceEntry } from "./simulator/core/trace.ts";
export { INVARIANTS, type InvariantName, type Violation } from "./simulator/judge/invariants.ts";
export { runMany, type ManyOptions, type ManyReport } from "./simulator/many.ts";
export { describe } from "./simulator/report.ts";
export { runSeed, type SeedReport } from "./simulator/run.ts";
export { runScale, type ScaleOptions, type ScaleReport } from "./simulator/scale.ts";
export { FAULTS, type FaultName } from "./simulator/scenario/swarm.ts";
