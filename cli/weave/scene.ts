// Owns what every Worker's plan is drawn from: the project's names, targets and steering, and what a dial may lead to.
import type { WrappedKeys } from "../../mesh/contract/identity.ts";
import { WIRING_FORMAT, type Dialled, type Wiring } from "../../mesh/contract/wiring.ts";
import type { Project } from "../project/load.ts";
import type { ProjectWorker } from "../project/workers.ts";
import { sortBindings, type Dial, type Names } from "./dial.ts";
import { DEFAULT_ONLY, toEntrypoints, type WorkerExports } from "./exports.ts";
import type { Course, Target } from "./reach.ts";
import { endpointsBehind, readSteering, type NamedEndpoint, type Steering } from "./steering.ts";
import { FRONT_EXPORT } from "./weavable.ts";

/** What a plan is made of beside the project. */
export interface PlanOptions {
  /** In dev every Worker is bound to every other, and every service name is the mesh's. */
  readonly dev: boolean;
  /** What each Worker's build exports, by workload; a Worker that is not here has a default export only. */
  readonly exports: ReadonlyMap<string, WorkerExports>;
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

/** What every Worker's plan is drawn from. */
export interface Scene {
  readonly project: Project;
  readonly options: PlanOptions;
  readonly steering: Steering;
  readonly names: Names;
  readonly targets: readonly Target[];
  /** The part of a wiring that is the same for all. */
  readonly base: Pick<
    Wiring,
    "format" | "mesh" | "trustDomain" | "tableKey" | "table" | "leaseMs" | "dev"
  >;
}

/** Reads a project's resources and bindings once for all its Workers. */
export function setScene(project: Project, options: PlanOptions): Scene {
  const steering = readSteering(project.resources);
  return {
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
}

/** What a dial may be steered to: in dev anything, else what the project's resources name. */
export function toCourse(dial: Dial, { options, steering, targets }: Scene): Course {
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

/** The targets with those entrypoints that somebody dials or a Service fixes: no other is ever called. */
export function wantedTargets({ project, steering, names, targets }: Scene): readonly Target[] {
  const dialled = project.workers.flatMap(
    ({ config, namespace }) => sortBindings(config.services ?? [], namespace, names).dials,
  );
  const wanted = new Set([
    "",
    ...dialled.map(({ dialled: { entrypoint } }) => entrypoint ?? ""),
    ...fixedOf([...steering.endpoints.values()].flat()),
  ]);
  return targets.map((target) => ({
    ...target,
    entrypoints: target.entrypoints.filter((name) => wanted.has(name)),
  }));
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

/** The trust domain of a mesh that names none. */
export const trustDomainOf = ({ mesh }: Pick<Project, "mesh">): string =>
  mesh.spec.trustDomain ?? `${mesh.name}.mesh`;

function namesOf({ workers }: Project, steering: Steering, isOpen: boolean): Names {
  const own = workers.map(({ workload }) => workload);
  const renamed = workers.filter(({ script, config }) => script === config.name);
  return {
    services: new Set([...own, ...steering.services]),
    scripts: new Map(renamed.map(({ script, workload }) => [script, workload])),
    isOpen,
  };
}

function toTarget(worker: ProjectWorker, { exports, dev }: PlanOptions): Target {
  const { workload, config, join } = worker;
  // Outside dev nothing is added to a Worker that joins by hand.
  const hasFront = config.assets !== undefined && (join === "woven" || (join === "hand" && dev));
  return {
    workload,
    entrypoints: toEntrypoints(exports.get(workload) ?? DEFAULT_ONLY, config),
    ...(join === "relay" ? { isPlain: true } : {}),
    ...(hasFront ? { front: FRONT_EXPORT } : {}),
  };
}

/** The endpoints a dial may be steered to. */
export const endpointsOf = (
  { service, endpoint }: Dialled,
  steering: Steering,
): readonly NamedEndpoint[] =>
  endpoint === undefined
    ? endpointsBehind(service, steering)
    : [{ workload: endpoint, entrypoint: undefined }];

const fixedOf = (endpoints: readonly Pick<NamedEndpoint, "entrypoint">[]): readonly string[] => [
  ...new Set(endpoints.flatMap(({ entrypoint }) => (entrypoint === undefined ? [] : [entrypoint]))),
];
