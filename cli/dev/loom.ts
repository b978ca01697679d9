// Owns the Workers of a running dev mesh: starting them, weaving them anew, and replacing them in the runtime.
import { askControl, type ControlTarget } from "../client.ts";
import type { Project } from "../project/load.ts";
import { keptKeks } from "../weave/keys.ts";
import type { MeshPlan } from "../weave/plan.ts";
import { toRegistrations } from "../weave/registration.ts";
import { SYSTEM } from "../weave/system.ts";
import { learnKeys } from "./mesh-keys.ts";
import { planDev, watchedOf, weaveDev, wovenOf, type Material } from "./mesh-workers.ts";
import { loadOwnParts, ownWorkers, type OwnParts, type OwnSecrets } from "./own-workers.ts";
import { buildProject, type ProjectBuilds } from "./project-builds.ts";
import { startRuntime, type Runtime, type RuntimeLog } from "./runtime.ts";
import type { NodeHandler } from "./runtime-worker.ts";
import type { DevState } from "./state.ts";

export interface LoomOptions {
  readonly state: DevState;
  readonly listenerKey: string;
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
  workloads(): readonly string[];
  /** Files a change of which asks for a build. */
  inputs(): ReadonlyMap<string, readonly string[]>;
}

/** Builds a project and starts the mesh's own Workers; the project's start with the first `reload`. */
export async function startLoom(first: Project, options: LoomOptions): Promise<Loom> {
  const { state, node, onLog } = options;
  const [parts, builds] = await Promise.all([loadOwnParts(), buildProject(first)]);
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

async function createLoom(frame: Frame, first: Project, firstBuilds: ProjectBuilds): Promise<Loom> {
  const { state, listenerKey, parts, secrets, runtime } = frame;
  let project = first;
  let builds = firstBuilds;
  const material = (): Material => ({ project, builds, parts, stateDir: state.dir, listenerKey });
  let settings = fingerprint(await planDev(material()));
  const control: ControlTarget = {
    control: runtime.url(SYSTEM.control).origin,
    token: state.token,
  };

  return {
    runtime,
    control,
    classes: parts.classes,
    register: async () => {
      const workloads = toRegistrations(await planDev(material()));
      await askControl(control, "PUT", "/v1/workloads", { workloads });
    },
    learn: async () => await learnKeys(control, wovenOf(project), state.dir),
    reload: async () => {
      const plan = await planDev(material());
      const woven = await weaveDev(plan, material());
      await runtime.reload([...ownWorkers(parts, secrets, watchedOf(plan)), ...woven]);
    },
    take: async (next) => {
      const nextBuilds = await buildProject(next);
      const nextPlan = await planDev({ ...material(), project: next, builds: nextBuilds });
      const isBuilt = [...nextBuilds.built.values()].some(({ isCached }) => !isCached);
      const nextSettings = fingerprint(nextPlan);
      if (!isBuilt && settings === nextSettings) return false;
      project = next;
      builds = nextBuilds;
      settings = nextSettings;
      return true;
    },
    workloads: () => project.workers.map(({ workload }) => workload),
    inputs: () => new Map([...builds.built].map(([workload, { inputs }]) => [workload, inputs])),
  };
}

/** What a plan is made of beside builds, secrets and the table. */
function fingerprint(plan: MeshPlan): string {
  const fleeting = new Set(["loopback", "seed", "table", "tableKey", "where"]);
  return JSON.stringify(plan.workers, (key, value: unknown) => (fleeting.has(key) ? undefined : value));
}
