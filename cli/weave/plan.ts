// Owns the plan of a mesh: for each Worker and each of the mesh's own, what it is told, bound to and reaches.
// Pure: files, keys and builds come in as values.
import type { WrappedKeys } from "../../mesh/contract/identity.ts";
import {
  BINDINGS,
  WIRING_FORMAT,
  type AssetsWiring,
  type Dialled,
  type RelayProps,
  type Wiring,
} from "../../mesh/contract/wiring.ts";
import type { Project } from "../project/load.ts";
import type { Join } from "../project/mesh-file.ts";
import type { ProjectWorker } from "../project/workers.ts";
import type { ServiceBindingConfig, WranglerConfig } from "../project/wrangler-config.ts";
import { sortBindings, type Dial, type Names } from "./dial.ts";
import { toEntrypoints } from "./exports.ts";
import { planReach, type Course, type MeshBinding, type Target } from "./reach.ts";
import { endpointsBehind, readSteering, type NamedEndpoint, type Steering } from "./steering.ts";
import { meshBindings, planGateway, planRelay, SYSTEM, type PlannedSystem } from "./system.ts";

/** What a plan is made of beside the project. */
export interface PlanOptions {
  /** In dev every Worker is bound to every other, and every service name is the mesh's. */
  readonly dev: boolean;
  /** Names each Worker's build exports, by workload; a Worker that is not here has a default export only. */
  readonly exports: ReadonlyMap<string, readonly string[]>;
  /** The signed table, base64, as in KV. */
  readonly table?: string | null;
  readonly tableKey?: JsonWebKey | null;
  /** Deploy seeds by workload; the gateway and the relay have theirs. */
  readonly seeds?: Readonly<Record<string, WrappedKeys>>;
  /** Overrides the table's lease, ms. */
  readonly leaseMs?: number;
  /** Dev: what a listener port's header begins with. */
  readonly listenerKey?: string;
  /** A secret that is new for each Worker and weaving. */
  readonly newSecret: () => string;
}

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
  /** What whoever weaves should know. */
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
  const steering = readSteering(project.resources);
  const scene: Scene = {
    project,
    options,
    steering,
    names: namesOf(project, steering, options.dev),
    targets: project.workers.map((worker) => toTarget(worker, options)),
    base: {
      format: WIRING_FORMAT,
      mesh: project.mesh.name,
      trustDomain: trustDomainOf(project),
      tableKey: options.tableKey ?? null,
      table: options.table ?? null,
      ...(options.leaseMs === undefined ? {} : { leaseMs: options.leaseMs }),
      ...(options.dev ? { dev: true } : {}),
    },
  };
  return {
    mesh: project.mesh.name,
    trustDomain: scene.base.trustDomain,
    workers: project.workers.map((worker) => planWorker(worker, scene)),
    gateway: planGateway(scene.targets, scene.base, options),
    relay: planRelay(scene.targets, scene.base, options),
  };
}

/** The trust domain of a mesh that names none. */
export const trustDomainOf = ({ mesh }: Pick<Project, "mesh">): string =>
  mesh.spec.trustDomain ?? `${mesh.name}.mesh`;

interface Scene {
  readonly project: Project;
  readonly options: PlanOptions;
  readonly steering: Steering;
  readonly names: Names;
  readonly targets: readonly Target[];
  readonly base: Pick<
    Wiring,
    "format" | "mesh" | "trustDomain" | "tableKey" | "table" | "leaseMs" | "dev"
  >;
}

function namesOf({ workers }: Project, steering: Steering, isOpen: boolean): Names {
  const own = workers.map(({ workload }) => workload);
  const renamed = workers.filter(({ script, config }) => script === config.name);
  return {
    services: new Set([...own, ...steering.services]),
    scripts: new Map(renamed.map(({ script, workload }) => [script, workload])),
    isOpen,
  };
}

function toTarget(worker: ProjectWorker, { exports }: PlanOptions): Target {
  return {
    workload: worker.workload,
    entrypoints: toEntrypoints(exports.get(worker.workload) ?? ["default"], worker.config),
    ...(worker.join === "relay" ? { isPlain: true } : {}),
  };
}

function planWorker(worker: ProjectWorker, scene: Scene): PlannedWorker {
  const exported = scene.options.exports.get(worker.workload) ?? ["default"];
  const { dials, outside } = sortBindings(
    worker.config.services ?? [],
    worker.namespace,
    scene.names,
  );
  const common = {
    workload: worker.workload,
    worker,
    join: worker.join,
    exports: exported,
    entrypoints: toEntrypoints(exported, worker.config),
    outside,
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
    const props: RelayProps = { heddle: { source: worker.workload, dialled } };
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
  );
  const ownRoutes = hasOwnRoutes(config);
  const wiring: Wiring = {
    ...scene.base,
    workload,
    dialled,
    reach,
    objects: wovenObjects(worker, scene),
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
    bindings: [...meshBindings(workload), ...bindings],
    bound: [...new Set(bindings.map((binding) => binding.workload))],
    notes: [...notes, ...routes],
  };
}

/** What a dial may be steered to: in dev anything, else what the project's resources name. */
function toCourse(dial: Dial, { options, steering, targets }: Scene): Course {
  const woven = targets.filter(({ isPlain }) => !isPlain);
  if (options.dev) {
    const named = [...steering.endpoints.values()].flat();
    return { ...dial, targets: woven, fixed: fixedOf(named) };
  }
  const behind = endpointsOf(dial.dialled, steering);
  const wanted = new Set(behind.map(({ workload }) => workload));
  return {
    ...dial,
    targets: woven.filter(({ workload }) => wanted.has(workload)),
    fixed: fixedOf(behind),
  };
}

/** Workers whose exports have to be known before a Worker can be bound to them: those dialled by an entrypoint. */
export function targetsByName(project: Project, worker: ProjectWorker): readonly string[] {
  const steering = readSteering(project.resources);
  const names = namesOf(project, steering, false);
  const { dials } = sortBindings(worker.config.services ?? [], worker.namespace, names);
  return dials.flatMap(({ dialled }) => {
    const behind = endpointsOf(dialled, steering);
    const isNamed = dialled.entrypoint !== null || fixedOf(behind).length > 0;
    return isNamed ? behind.map(({ workload }) => workload) : [];
  });
}

/** The endpoints a dial may be steered to. */
const endpointsOf = (
  { service, endpoint }: Dialled,
  steering: Steering,
): readonly NamedEndpoint[] =>
  endpoint === undefined
    ? endpointsBehind(service, steering)
    : [{ workload: endpoint, entrypoint: undefined }];

const fixedOf = (
  endpoints: readonly Pick<NamedEndpoint, "entrypoint">[],
): readonly string[] => [
  ...new Set(endpoints.flatMap(({ entrypoint }) => (entrypoint === undefined ? [] : [entrypoint]))),
];

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

/** Whether a Worker's wrangler file gives it routes or custom domains. */
export const hasOwnRoutes = ({ route, routes }: WranglerConfig): boolean =>
  route !== undefined || (routes !== undefined && routes.length > 0);

function toAssetsWiring({ assets }: WranglerConfig): AssetsWiring | null {
  if (assets === undefined) return null;
  const notFound = assets.not_found_handling;
  return {
    binding: assets.binding ?? BINDINGS.assets,
    workerFirst: assets.run_worker_first ?? false,
    ...(notFound === undefined ? {} : { notFound }),
  };
}
