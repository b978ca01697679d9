// Owns what the mesh's own Workers are told and bound to: the gateway and the relay reach everything there is.
import {
  BINDINGS,
  GATEWAY_WORKLOAD,
  RELAY_WORKLOAD,
  SYSTEM_NAMESPACE,
  type Wiring,
} from "../../mesh/contract/wiring.ts";
import type { WrappedKeys } from "../../mesh/contract/identity.ts";
import { propsOf, reachAll, type MeshBinding, type ReachPlan, type Target } from "./reach.ts";

/** Workloads of the mesh's own Workers. */
export const SYSTEM = {
  control: `${SYSTEM_NAMESPACE}/control`,
  objects: `${SYSTEM_NAMESPACE}/objects`,
  relay: RELAY_WORKLOAD,
  gateway: GATEWAY_WORKLOAD,
} as const;

/** The gateway or the relay in the plan. */
export interface PlannedSystem {
  readonly workload: string;
  /** For the variable HEDDLE_WIRING. */
  readonly wiring: Wiring;
  /** Service bindings to add to those of its own wrangler file, which are the ones to control, objects and KV. */
  readonly bindings: readonly MeshBinding[];
  /** Workloads it is bound to. */
  readonly bound: readonly string[];
}

type Base = Pick<
  Wiring,
  "format" | "mesh" | "trustDomain" | "tableKey" | "table" | "leaseMs" | "dev"
>;

interface Told {
  readonly seeds?: Readonly<Record<string, WrappedKeys>>;
  readonly listenerKey?: string;
  readonly newSecret: () => string;
}

/** The gateway reaches every entrypoint of every woven Worker, and the others through the relay. */
export function planGateway(targets: readonly Target[], base: Base, told: Told): PlannedSystem {
  const woven = targets.filter(({ isPlain }) => !isPlain);
  const planned = planSystem(GATEWAY_WORKLOAD, reachAll(GATEWAY_WORKLOAD, woven), base, told);
  const { listenerKey } = told;
  return listenerKey === undefined
    ? planned
    : { ...planned, wiring: { ...planned.wiring, listenerKey } };
}

/** The relay reaches every entrypoint of every Worker, woven or not. */
export function planRelay(targets: readonly Target[], base: Base, told: Told): PlannedSystem {
  return planSystem(RELAY_WORKLOAD, reachAll(RELAY_WORKLOAD, targets), base, told);
}

function planSystem(
  workload: string,
  { bindings, reach }: Pick<ReachPlan, "bindings" | "reach">,
  base: Base,
  { seeds, newSecret }: Told,
): PlannedSystem {
  return {
    workload,
    wiring: {
      ...base,
      workload,
      dialled: {},
      reach,
      objects: [],
      ownRoutes: false,
      assets: null,
      loopback: newSecret(),
      seed: seeds?.[workload] ?? null,
    },
    bindings: [...meshBindings(workload), ...bindings],
    bound: [...new Set(bindings.map((binding) => binding.workload))],
  };
}

/** The bindings to the mesh's own Workers that everyone in the mesh has. */
export function meshBindings(workload: string, tag?: string): readonly MeshBinding[] {
  const props = { ...propsOf(workload, tag) };
  const all: readonly MeshBinding[] = [
    { binding: BINDINGS.control, workload: SYSTEM.control, entrypoint: "Workload", props },
    { binding: BINDINGS.pulse, workload: SYSTEM.objects, entrypoint: "Pulse", props },
    { binding: BINDINGS.relay, workload: SYSTEM.relay, entrypoint: "Relay", props },
  ];
  return all.filter((binding) => binding.workload !== workload);
}
