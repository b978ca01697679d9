// Owns which Workers are woven, and building them and whom they are bound to.
import path from "node:path";
import { buildWorker, closeBuilders, type BuiltWorker } from "../dev/build.ts";
import { CliError, EXIT, type Complaint } from "../exit.ts";
import type { Project } from "../project/load.ts";
import { displayPath } from "../project/project-error.ts";
import type { ProjectWorker } from "../project/workers.ts";
import { DEFAULT_ONLY, readExports, type WorkerExports } from "./exports.ts";
import { WeaveError } from "./refusal.ts";
import { targetsByName } from "./scene.ts";
import { hasModules, refuseByBuild } from "./weavable.ts";

/** Which Workers of a project to weave. */
export interface Choice {
  /** Folders, wrangler files, names or `namespace/name`s; empty: all Workers. */
  readonly workers: readonly string[];
  /** What relative paths in `workers` are relative to. */
  readonly cwd: string;
}

/** The Workers named, or all. */
export function chooseWorkers(
  project: Project,
  { workers, cwd }: Choice,
): readonly ProjectWorker[] {
  if (workers.length === 0) return project.workers;
  return workers.flatMap((wanted) => {
    const at = path.resolve(cwd, wanted);
    const found = project.workers.filter(
      ({ workload, name, configPath }) =>
        workload === wanted ||
        name === wanted ||
        [configPath, path.dirname(configPath)].includes(at),
    );
    if (found.length > 0) return found;
    throw new CliError(EXIT.usage, {
      message: `${wanted} is no Worker of the project ${displayPath(project.dir)}`,
      mend: `Its Workers: ${project.workers.map(({ name }) => name).join(", ")}.`,
    });
  });
}

/** Two Workers cannot share a name on the platform, nor a folder wrangler is sent from. */
export function refuseTwins({ workers }: Project, chosen: readonly ProjectWorker[]): void {
  for (const worker of chosen) {
    const others = workers.filter((other) => other !== worker);
    const { workload, script, configPath } = worker;
    const namesake = others.find((other) => other.script === script);
    const detail = (other: ProjectWorker): string => `see ${other.workload}`;
    const file = displayPath(configPath);
    if (namesake) throw new WeaveError("HEDDLE-W008", workload, file, detail(namesake));
    const neighbour = others.find(
      (other) =>
        chosen.includes(other) && path.dirname(other.configPath) === path.dirname(configPath),
    );
    if (neighbour) throw new WeaveError("HEDDLE-W009", workload, file, detail(neighbour));
  }
}

/** What came of building. */
export interface Builds {
  readonly workers: ReadonlyMap<string, BuiltWorker>;
  readonly exports: ReadonlyMap<string, WorkerExports>;
}

/** Builds what is woven, and the Workers whose exports have to be known to bind to them. */
export async function buildChosen(
  project: Project,
  chosen: readonly ProjectWorker[],
): Promise<Builds> {
  const wanted = new Set(chosen.flatMap((worker) => targetsByName(project, worker)));
  const others = project.workers.filter(
    (worker) => wanted.has(worker.workload) && !chosen.includes(worker),
  );
  const own = `${chosen[0]?.workload.replace("/", ".") ?? "none"}.targets`;
  const workers = new Map<string, BuiltWorker>();
  const exports = new Map<string, WorkerExports>();
  const buildOne = async (worker: ProjectWorker): Promise<void> => {
    const isChosen = chosen.includes(worker);
    // Nobody else writes here, so that wrangler commands of several Workers may run at once.
    const folder = path.join(isChosen ? "" : own, worker.workload.replace("/", "."));
    const built = await buildWorker(worker.configPath, {
      env: worker.env,
      outDir: path.join(project.dir, ".heddle/build/weave", folder),
    });
    const exported = await readExports(built);
    if (isChosen) refuseByBuild(worker, exported, built.modules);
    workers.set(worker.workload, built);
    exports.set(worker.workload, exported.names.length > 0 ? exported : DEFAULT_ONLY);
  };
  const all = [...chosen, ...others].filter(hasModules);
  const outcomes = await Promise.allSettled(all.map(buildOne));
  await closeBuilders();
  throwFailures(outcomes);
  return { workers, exports };
}

/** Throws what went wrong: one error as it is, several as one with the complaints of all. */
function throwFailures(outcomes: readonly PromiseSettledResult<void>[]): void {
  const reasons = outcomes.flatMap((it): unknown[] =>
    it.status === "rejected" ? [it.reason] : [],
  );
  const complaints = reasons.flatMap((reason) => complaintsOf(reason) ?? []);
  if (reasons.length > 1 && reasons.every((reason) => complaintsOf(reason))) {
    throw new CliError(EXIT.failed, complaints, reasons[0]);
  }
  for (const reason of reasons) throw reason;
}

const complaintsOf = (reason: unknown): readonly Complaint[] | undefined =>
  reason instanceof CliError || reason instanceof WeaveError ? reason.complaints : undefined;
