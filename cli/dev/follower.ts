// Owns keeping a running mesh in step: with the project's files, with what is applied, with a wanted restart.
// One thing at a time, in the order it was asked for.
import path from "node:path";
import { askControl } from "../client.ts";
import { loadProject, type Project } from "../project/load.ts";
import { watchPaths } from "../weave/watch-paths.ts";
import type { Desk, DeskMesh } from "./desk.ts";
import type { GatewayPorts } from "./gateway-ports.ts";
import type { Loom } from "./loom.ts";
import { applyProject, refsOf, removeGone, resourcesDigest } from "./project-resources.ts";
import type { DevState } from "./state.ts";
import type { Teller } from "./teller.ts";
import { watchFiles } from "./watch.ts";

export interface FollowerOptions {
  readonly project: Project;
  readonly loom: Loom;
  readonly desk: Desk;
  readonly ports: GatewayPorts;
  readonly state: DevState;
  readonly tell: Teller;
}

export interface Follower {
  /** What /dev/* acts on. */
  readonly mesh: DeskMesh;
  /** Puts the project in place and starts its Workers; rejects with what is wrong. */
  begin(): Promise<void>;
  /** Control took a change: ports follow before it is answered, keys after. */
  onChange(): Promise<void>;
  close(): Promise<void>;
}

/** How long after a change dev asks for the new table and seeds; sooner if Workers start anew. */
const LEARN_MS = 300;

/** What changes while a mesh runs. */
interface Course extends FollowerOptions {
  project: Project;
  /** Control knows something newer than the keys kept. */
  isStale: boolean;
  /** What of the Workers as they run was told not to work. */
  warned: ReadonlySet<string>;
}

export function createFollower(options: FollowerOptions): Follower {
  const { loom, tell } = options;
  const course: Course = { ...options, isStale: false, warned: new Set() };
  const inTurn = createTurns();
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;
  const watch = watchFiles(() => {
    if (isClosed) return;
    inTurn(async () => {
      await follow(course);
      watch.set(pathsOf(course));
    }).catch((error: unknown) => {
      tell.fail(error);
      tell.line("the mesh goes on as it was");
    });
  });

  return {
    mesh: {
      runtime: loom.runtime,
      scope: () => ({ classes: loom.classes, workloads: loom.workloads() }),
      restart: async () => await inTurn(async () => await reload(course)),
    },
    begin: async () =>
      await inTurn(async () => {
        await loom.register();
        await apply(course, course.project);
        if (await loom.takeResources()) await loom.register();
        await reload(course);
        await syncPorts(course);
        watch.set(pathsOf(course));
      }),
    onChange: async () => {
      await inTurn(async () => await keepUp(course));
      clearTimeout(timer);
      if (isClosed) return;
      timer = setTimeout(
        () => void inTurn(async () => await learn(course)).catch(tell.fail),
        LEARN_MS,
      );
    },
    close: async () => {
      isClosed = true;
      clearTimeout(timer);
      watch.close();
      await inTurn(() => Promise.resolve());
    },
  };
}

/** Runs what it is given one after the other; a failure is its caller's alone. */
function createTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let turn: Promise<unknown> = Promise.resolve();
  return async (work) => {
    const result = turn.then(work);
    turn = result.catch(() => undefined);
    return await result;
  };
}

/** Something was applied: ports follow, and so do Workers that now need other bindings. */
async function keepUp(course: Course): Promise<void> {
  course.isStale = true;
  if (await course.loom.takeResources()) {
    await course.loom.register();
    await reload(course);
  }
  await syncPorts(course);
}

/** The project's files changed; what is wrong with them is thrown, and the mesh stays as it is. */
async function follow(course: Course): Promise<void> {
  const { loom, tell, project: before } = course;
  const started = performance.now();
  const next = await loadProject(before.dir);
  const hasWorkersChanged = await loom.take(next);
  const haveResourcesChanged = resourcesDigest(next) !== resourcesDigest(before);
  if (!hasWorkersChanged && !haveResourcesChanged) return;
  course.project = next;
  if (hasWorkersChanged) {
    await loom.register();
    course.isStale = true;
  }
  try {
    if (haveResourcesChanged) await apply(course, next);
  } finally {
    if (hasWorkersChanged) await reload(course);
  }
  if (haveResourcesChanged) await keepUp(course);
  tell.line(`reloaded in ${Math.round(performance.now() - started)} ms`);
}

async function apply(course: Course, next: Project): Promise<void> {
  const { loom, state, tell } = course;
  const warnings = await applyProject(loom.control, next);
  await removeGone(loom.control, state.applied(), next);
  state.setApplied(refsOf(next));
  for (const warning of warnings) tell.complain(warning, "warning");
  course.isStale = true;
}

async function reload(course: Course): Promise<void> {
  const { loom, desk } = course;
  await learn(course);
  await desk.keepCounts(loom.runtime);
  await loom.reload();
  await warn(course);
}

/** Tells what will not work, unless it was told of the Workers before. */
async function warn(course: Course): Promise<void> {
  const { loom, tell, warned } = course;
  const warnings = await loom.warnings();
  course.warned = new Set(warnings.map(({ message }) => message));
  for (const warning of warnings)
    if (!warned.has(warning.message)) tell.complain(warning, "warning");
}

/** Asks control again for table and seeds, unless a fault has it down: then the newest dev saw have to do. */
async function learn(course: Course): Promise<void> {
  if (!course.isStale || course.desk.controlEffect().kind !== "none") return;
  course.isStale = false;
  await course.loom.learn();
}

async function syncPorts({ ports, loom }: Course): Promise<void> {
  const gateways = await ports.sync(loom.gateways());
  if (gateways.length > 0) await askControl(loom.control, "PUT", "/v1/addresses", { gateways });
}

/** mesh.yaml, the resources, and what each Worker is built of. */
function pathsOf({ project, loom }: Course): readonly string[] {
  const { dir, mesh, workers } = project;
  const inputs = loom.inputs();
  return [
    path.join(dir, "mesh.yaml"),
    ...(mesh.spec.resources ?? []).map((at) => path.resolve(dir, at)),
    ...workers.flatMap((worker) => watchPaths(worker, inputs.get(worker.workload) ?? [])),
  ];
}
