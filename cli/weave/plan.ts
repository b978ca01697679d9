// Owns the plan of a mesh: for each Worker and each of the mesh's own, what it is told, bound to and reaches.
// Pure: files, keys and builds come in as values.
import {
  BINDINGS,
  type AssetsWiring,
  type RelayProps,
  type Wiring,
} from "../../mesh/contract/wiring.ts";
import type { Project } from "../project/load.ts";
import type { Join } from "../project/mesh-file.ts";
import type { ProjectWorker } from "../project/workers.ts";
import type { ServiceBindingConfig, WranglerConfig } from "../project/wrangler-config.ts";
import { sortBindings, type Dial } from "./dial.ts";
import { DEFAULT_ONLY, toEntrypoints } from "./exports.ts";
import { missingEntrypoints } from "./missing.ts";
import { carryingQueues } from "./queues.ts";
import { planReach, type MeshBinding } from "./reach.ts";
import { setScene, toCourse, wantedTargets, type PlanOptions, type Scene } from "./scene.ts";
import { hasOwnRoutes } from "./weavable.ts";
import { meshBindings, planGateway, planRelay, SYSTEM, type PlannedSystem } from "./system.ts";

/** One Worker of the project in the plan. */
export interface PlannedWorker {
  readonly workload: string;
  readonly worker: ProjectWorker;
  readonly join: Join;
  /** Names its main module exports. */
  readonly exports: readonly string[];
  /** Those of them a service binding may name; the empty string is the default export. */
  readonly entrypoints: readonly string[];
  /** Null behind the relay: such a Worker is told nothing. */
  readonly wiring: Wiring | null;
  /** Service bindings to add, or to put in the place of the user's. */
  readonly bindings: readonly MeshBinding[];
  /** The user's service bindings that stay: they lead out of the mesh. */
  readonly outside: readonly ServiceBindingConfig[];
  /** Services its own bindings dial, `namespace/name`. */
  readonly dials: readonly string[];
  /** Workloads it is bound to. */
  readonly bound: readonly string[];
  /** What will not work. */
  readonly warnings: readonly string[];
  /** What else whoever weaves should know. */
  readonly notes: readonly string[];
}

/** The plan of a whole mesh. */
export interface MeshPlan {
  readonly mesh: string;
  readonly trustDomain: string;
  readonly workers: readonly PlannedWorker[];
  readonly gateway: PlannedSystem;
  readonly relay: PlannedSystem;
}

/** Plans the mesh of a project. */
export function planMesh(project: Project, options: PlanOptions): MeshPlan {
  const scene = setScene(project, options);
  return {
    mesh: project.mesh.name,
    trustDomain: scene.base.trustDomain,
    workers: project.workers.map((worker) => planWorker(worker, scene)),
    gateway: planGateway(wantedTargets(scene), scene.base, options),
    relay: planRelay(wantedTargets(scene), scene.base, options),
  };
}

function planWorker(worker: ProjectWorker, scene: Scene): PlannedWorker {
  const exported = scene.options.exports.get(worker.workload) ?? DEFAULT_ONLY;
  const { dials, outside } = sortBindings(
    worker.config.services ?? [],
    worker.namespace,
    scene.names,
  );
  const common = {
    workload: worker.workload,
    worker,
    join: worker.join,
    exports: exported.names,
    entrypoints: toEntrypoints(exported, worker.config),
    outside,
    warnings: missingEntrypoints(dials, scene),
    dials: [...new Set(dials.map(({ dialled }) => dialled.service).filter((it) => it !== ""))],
  };
  const notes = outside.map(
    ({ binding, service }) =>
      `${binding} stays as it is: no Worker or Service of the mesh is called "${service}"`,
  );
  return worker.join === "relay"
    ? { ...common, ...throughRelay(worker, dials, notes) }
    : { ...common, ...inIsolate(worker, dials, notes, scene) };
}

type Joining = Pick<PlannedWorker, "wiring" | "bindings" | "bound" | "notes">;

/** A Worker that is left as it is: its bindings into the mesh lead to the relay. */
function throughRelay(
  worker: ProjectWorker,
  dials: readonly Dial[],
  notes: readonly string[],
): Joining {
  const bindings = dials.map(({ binding, dialled }): MeshBinding => {
    const { workload: source, tag } = worker;
    const heddle = { source, dialled, ...(tag === undefined ? {} : { tag }) };
    const props: RelayProps = { heddle };
    return { binding, workload: SYSTEM.relay, entrypoint: "Relay", props: { ...props } };
  });
  const lost = dials
    .filter(({ props }) => props !== null)
    .map(({ binding }) => `the props of ${binding} do not reach their callee through the relay`);
  return { wiring: null, bindings, bound: [], notes: [...notes, ...lost] };
}

function inIsolate(
  worker: ProjectWorker,
  dials: readonly Dial[],
  notes: readonly string[],
  scene: Scene,
): Joining {
  const { workload, config } = worker;
  const { bindings, reach, dialled } = planReach(
    workload,
    dials.map((dial) => toCourse(dial, scene)),
    worker.tag,
  );
  const ownRoutes = hasOwnRoutes(config);
  const queues = carryingQueues(worker, scene.project);
  const wiring: Wiring = {
    ...scene.base,
    workload,
    dialled,
    reach,
    objects: wovenObjects(worker, scene),
    ...(queues === undefined ? {} : { queues }),
    ownRoutes,
    assets: toAssetsWiring(config),
    loopback: scene.options.newSecret(),
    seed: scene.options.seeds?.[workload] ?? null,
  };
  const routes = ownRoutes
    ? ["it keeps its own routes: who comes by them is an outside caller without an identity"]
    : [];
  return {
    wiring,
    bindings: [...meshBindings(workload, worker.tag), ...bindings],
    bound: [...new Set(bindings.map((binding) => binding.workload))],
    notes: [...notes, ...routes],
  };
}

/** Bindings to Durable Object namespaces whose class is woven: its own, or another Worker's of the mesh. */
function wovenObjects(worker: ProjectWorker, { project }: Scene): readonly string[] {
  const woven = new Set(
    project.workers.filter(({ join }) => join === "woven").map(({ script }) => script),
  );
  return worker.config.durable_objects.bindings
    .filter(({ script_name: script = worker.script }) =>
      woven.has(script === worker.config.name ? worker.script : script),
    )
    .map(({ name }) => name);
}

/** From this date a navigation prefers assets. */
const NAVIGATION_DATE = "2025-04-01";

function toAssetsWiring(config: WranglerConfig): AssetsWiring | null {
  const { assets, compatibility_date: date = "", compatibility_flags: flags } = config;
  if (assets === undefined) return null;
  const navigation =
    flags.includes("assets_navigation_prefers_asset_serving") ||
    (date >= NAVIGATION_DATE && !flags.includes("assets_navigation_has_no_effect"));
  const notFound = assets.not_found_handling;
  return {
    binding: assets.binding ?? BINDINGS.assets,
    workerFirst: assets.run_worker_first ?? false,
    ...(notFound === undefined ? {} : { notFound }),
    ...(navigation ? { navigation } : {}),
  };
}
