// `heddle/testing/simulator`: the whole mesh in virtual time, from a seed (docs/simulator.md). Node code.
export { INVARIANTS, type InvariantName, type Violation } from "./simulator/invariants.ts";
export { describe, runMany, type ManyOptions, type ManyReport } from "./simulator/many.ts";
export { runSeed, type SeedReport } from "./simulator/run.ts";
export { runScale, type ScaleOptions, type ScaleReport } from "./simulator/scale.ts";
export { FAULTS, type FaultName } from "./simulator/swarm.ts";
export type { TraceEntry } from "./simulator/world.ts";
