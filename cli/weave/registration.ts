// Owns what control is told about the Workers of a plan (`PUT /v1/workloads`).
import { boundEndpoints } from "./reach.ts";
import type { MeshPlan, PlannedWorker } from "./plan.ts";
import type { PlannedSystem } from "./system.ts";

/** One Worker as control registers it. */
export interface WorkloadRegistration {
  readonly workload: string;
  /** Its name on the platform. */
  readonly script?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly woven: boolean;
  /** Called without the mesh's envelope. */
  readonly plain: boolean;
  readonly entrypoints: readonly string[];
  /** Ids of the endpoints it is bound to. */
  readonly bound: readonly string[];
  readonly dials: readonly string[];
  readonly edge: boolean;
}

/** Everything of a plan that control has to know, the gateway and the relay among it. */
export const toRegistrations = (plan: MeshPlan): readonly WorkloadRegistration[] => [
  ...plan.workers.map(fromWorker),
  fromSystem(plan.gateway, true),
  fromSystem(plan.relay, false),
];

function fromWorker(worker: PlannedWorker): WorkloadRegistration {
  const { wiring } = worker;
  return {
    workload: worker.workload,
    script: worker.worker.script,
    labels: worker.worker.labels,
    woven: wiring !== null,
    plain: wiring === null,
    entrypoints: worker.entrypoints,
    bound: wiring === null ? [] : boundEndpoints(wiring.reach),
    dials: worker.dials,
    edge: wiring?.ownRoutes ?? false,
  };
}

const fromSystem = (system: PlannedSystem, isEdge: boolean): WorkloadRegistration => ({
  workload: system.workload,
  labels: {},
  woven: true,
  plain: false,
  entrypoints: [],
  bound: boundEndpoints(system.wiring.reach),
  dials: [],
  edge: isEdge,
});
