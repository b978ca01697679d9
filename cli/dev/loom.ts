// Owns the Workers of a running dev mesh: starting them, weaving them anew, and replacing them in the runtime.
import type { StoredResource } from "../../mesh/contract/state.ts";
import { listResources } from "../api.ts";
import { askControl, type ControlTarget } from "../client.ts";
import { CliError, type Complaint } from "../exit.ts";
import type { Project } from "../project/load.ts";
import { displayPath } from "../project/project-error.ts";
import type { SourcedDocument } from "../project/resources.ts";
import { keptKeks } from "../weave/keys.ts";
import type { MeshPlan } from "../weave/plan.ts";
import { toRegistrations } from "../weave/registration.ts";
import { SYSTEM } from "../weave/system.ts";
import { learnKeys } from "./mesh-keys.ts";
import { planDev, watchedOf, weaveDev, wovenOf, type Material } from "./mesh-workers.ts";
import {
  DEV_WORKER,
  loadOwnParts,
  ownWorkers,
  type OwnParts,
  type OwnSecrets,
} from "./own-workers.ts";
import { buildProject, type ProjectBuilds } from "./project-builds.ts";
import { startRuntime, type Runtime, type RuntimeLog } from "./runtime.ts";
import type { NodeHandler } from "./runtime-worker.ts";
import type { DevState } from "./state.ts";

export interface LoomOptions {
  readonly state: DevState;
  readonly listenerKey: string;
  /** Length of a key epoch, where it is not an hour. */
  readonly epochMs?: number | undefined;
  /** Answers dev's Workers. */
  readonly node: NodeHandler;
  readonly onLog: (log: RuntimeLog) => void;
}

/** The Workers of a mesh as they run. */
export interface Loom {
  readonly runtime: Runtime;
  /** Control itself, past the faults. */
  readonly control: ControlTarget;
  /** Classes of the objects' Worker. */
  readonly classes: readonly string[];
  /** Tells control which Workers there are. */
  register(): Promise<void>;
  /** Asks control for table and seeds, for the next time Workers start. */
  learn(): Promise<void>;
  /** Weaves everything and replaces all Workers: every isolate starts anew. */
  reload(): Promise<void>;
  /** Builds what changed of a project and takes it on; false where nothing did. */
  take(project: Project): Promise<boolean>;
  /** Asks control which resources there are; true where they ask for other bindings than the Workers have. */
  takeResources(): Promise<boolean>;
  /** What of the Workers as they are will not work. */
  warnings(): Promise<readonly Complaint[]>;
  /** The Gateways among them. */
  gateways(): readonly StoredResource[];
  workloads(): readonly string[];
  /** Files a change of which asks for a build. */
  inputs(): ReadonlyMap<string, readonly string[]>;
}

/** Builds a project and starts the mesh's own Workers; the project's start with the first `reload`. */
export async function startLoom(first: Project, options: LoomOptions): Promise<Loom> {
  const { state, node, onLog, epochMs } = options;
  const define = epochMs === undefined ? {} : { HEDDLE_EPOCH_MS: String(epochMs) };
  const [parts, builds] = await Promise.all([
    loadOwnParts(define),
    buildProject(first, state.buildDir),
  ]);
  const kek = keptKeks(state.dir, [SYSTEM.objects]).all[SYSTEM.objects] ?? "";
  const secrets: OwnSecrets = { token: state.token, kek, node };
  const runtime = await startRuntime({
    workers: ownWorkers(parts, secrets, []),
    stateDir: state.runtimeDir,
    tmpDir: state.tmpDir,
    onLog,
  });
  try {
    return await createLoom({ ...options, parts, secrets, runtime }, first, builds);
  } catch (error) {
    await runtime.close();
    throw error;
  }
}

interface Frame extends LoomOptions {
  readonly parts: OwnParts;
  readonly secrets: OwnSecrets;
  readonly runtime: Runtime;
}

/** What changes while the mesh runs. */
interface Cloth extends Frame {
  readonly control: ControlTarget;
  project: Project;
  builds: ProjectBuilds;
  /** Once control has told, what it has counts: more may be applied than the project's files hold. */
  resources: readonly SourcedDocument[];
  gateways: readonly StoredResource[];
  /** What the plan is made of, to see when it becomes another. */
  settings: string;
}

async function createLoom(frame: Frame, project: Project, builds: ProjectBuilds): Promise<Loom> {
  const { runtime, parts, state } = frame;
  const control = { control: runtime.url(SYSTEM.control).origin, token: state.token };
  const { resources } = project;
  const cloth: Cloth = {
    ...frame,
    control,
    project,
    builds,
    resources,
    gateways: [],
    settings: "",
  };
  cloth.settings = fingerprint(await planDev(materialOf(cloth)));
  return {
    runtime,
    control,
    classes: parts.classes,
    register: async () => {
      const workloads = toRegistrations(await planDev(materialOf(cloth)));
      await askControl(control, "PUT", "/v1/workloads", { workloads });
    },
    learn: async () => await learnKeys(control, wovenOf(cloth.project), state.dir),
    reload: async () => await reload(cloth),
    take: async (next) => await take(cloth, next),
    takeResources: async () => await takeResources(cloth),
    warnings: async () => warningsOf(await planDev(materialOf(cloth))),
    gateways: () => cloth.gateways,
    workloads: () => cloth.project.workers.map(({ workload }) => workload),
    inputs: () =>
      new Map([...cloth.builds.built].map(([workload, { inputs }]) => [workload, inputs])),
  };
}

const materialOf = (cloth: Cloth): Material => ({
  project: { ...cloth.project, resources: cloth.resources },
  builds: cloth.builds,
  parts: cloth.parts,
  stateDir: cloth.state.dir,
  listenerKey: cloth.listenerKey,
});

async function reload(cloth: Cloth): Promise<void> {
  const plan = await planDev(materialOf(cloth));
  const woven = await weaveDev(plan, materialOf(cloth));
  const own = ownWorkers(cloth.parts, cloth.secrets, watchedOf(plan));
  await cloth.runtime.reload([...own, ...woven]).catch((error: unknown) => {
    throw withoutEchoes(error);
  });
}

async function take(cloth: Cloth, project: Project): Promise<boolean> {
  const builds = await buildProject(project, cloth.state.buildDir);
  const settings = fingerprint(await planDev(materialOf({ ...cloth, project, builds })));
  const isBuilt = [...builds.built.values()].some(({ isCached }) => !isCached);
  if (!isBuilt && settings === cloth.settings) return false;
  Object.assign(cloth, { project, builds, settings });
  return true;
}

async function takeResources(cloth: Cloth): Promise<boolean> {
  const stored = await listResources(cloth.control);
  cloth.resources = stored.map(toDocument);
  cloth.gateways = stored.filter(({ kind }) => kind === "Gateway" || kind === "ListenerSet");
  const before = cloth.settings;
  cloth.settings = fingerprint(await planDev(materialOf(cloth)));
  return cloth.settings !== before;
}

const warningsOf = ({ workers }: MeshPlan): readonly Complaint[] =>
  workers.flatMap(({ workload, worker, warnings }) =>
    warnings.map((warning) => ({
      message: `${workload}: ${warning}`,
      where: displayPath(worker.configPath),
    })),
  );

/** A Worker that does not start lacks the entrypoints others are bound to; only the first is worth telling. */
function withoutEchoes(error: unknown): unknown {
  if (!(error instanceof CliError)) return error;
  const lacking = (message: string): string => `Worker ${LACKS.exec(message)?.[1] ?? ""}`;
  const broken = new Set(
    error.complaints.filter(({ message }) => !LACKS.test(message)).map(({ where }) => where),
  );
  const causes = error.complaints.filter(
    ({ where, message }) => where !== `Worker ${DEV_WORKER}` && !broken.has(lacking(message)),
  );
  return causes.length === 0 ? error : new CliError(error.exit, causes, error);
}

/** What the runtime says of a binding to an entrypoint that is not there. */
const LACKS = /refers to service "([^"]+)" with a named entrypoint/;

/** A stored resource as if it stood in a file. */
const toDocument = (stored: StoredResource): SourcedDocument => ({
  apiVersion: stored.apiVersion,
  kind: stored.kind,
  name: stored.metadata.name,
  namespace: stored.metadata.namespace,
  value: { ...stored },
  file: "",
  line: 0,
  where: () => `${stored.kind}/${stored.metadata.name}`,
});

/** What a plan is made of beside builds, secrets and the table. */
function fingerprint({ workers, gateway, relay }: MeshPlan): string {
  const fleeting = new Set(["loopback", "seed", "table", "tableKey", "where", "resources"]);
  return JSON.stringify([workers, gateway.bindings, relay.bindings], (key, value: unknown) =>
    fleeting.has(key) ? undefined : value,
  );
}
