// Owns `heddle weave` from end to end: load, build, plan, weave, and point wrangler at the result.
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { bundleDataPlane } from "../bundle.ts";
import { buildWorker, closeBuilders, type BuiltWorker } from "../dev/build.ts";
import { CliError, EXIT } from "../exit.ts";
import { findProject, loadProject, type Project } from "../project/load.ts";
import { displayPath } from "../project/project-error.ts";
import type { ProjectWorker } from "../project/workers.ts";
import { defaultWranglerConfig } from "../project/wrangler-config.ts";
import { againCommand, redirectWrangler } from "./again.ts";
import { wovenConfig, type ConfigPlace } from "./config.ts";
import { readExports } from "./exports.ts";
import { writeIfChanged } from "./files.ts";
import { collectKeys } from "./keys.ts";
import { planMesh, targetsByName, type PlannedWorker } from "./plan.ts";
import { WeaveError } from "./refusal.ts";
import { scriptNames } from "./script-names.ts";
import { watchPaths } from "./watch-paths.ts";
import { hasModules, refuseByBuild, refuseByConfig } from "./weavable.ts";
import { weaveWorker } from "./weave-worker.ts";

/** What to weave. */
export interface WeaveProjectOptions {
  /** Absolute folder of mesh.yaml, or one below it. */
  readonly from: string;
  readonly env?: string;
  /** Folders, wrangler files, names or `namespace/name`s; empty: all Workers. */
  readonly workers: readonly string[];
  /** What relative paths in `workers` are relative to. */
  readonly cwd: string;
  /** Environment of the process: HEDDLE_CONTROL, HEDDLE_TOKEN, HEDDLE_KEK, HEDDLE_TABLE_ID, WRANGLER_COMMAND. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** One Worker that was woven. */
export interface WovenResult {
  readonly workload: string;
  readonly join: string;
  /** The generated wrangler file, absolute. */
  readonly configPath: string;
  /** The file that sends wrangler there, absolute. */
  readonly redirect: string;
  readonly notes: readonly string[];
}

/** What weaving a project came to. */
export interface WeaveReport {
  readonly project: string;
  readonly workers: readonly WovenResult[];
  /** About the project as a whole. */
  readonly notes: readonly string[];
}

/** Below a Worker's folder: what wrangler takes in place of the user's file. */
export const WOVEN_DIR = ".heddle/woven";
const CONFIG_FILE = "wrangler.json";

/** Weaves Workers of the project at or above a folder; throws with complaints when one cannot be. */
export async function weaveProject(options: WeaveProjectOptions): Promise<WeaveReport> {
  const dir = findProject(options.from) ?? options.from;
  const project = await loadProject(dir, options.env === undefined ? {} : { env: options.env });
  const chosen = choose(project, options);
  chosen.forEach(refuseByConfig);
  refuseTwins(project, chosen);
  const built = await build(project, chosen).finally(closeBuilders);
  const keys = await collectKeys(
    chosen.filter(({ join }) => join !== "relay").map(({ workload }) => workload),
    {
      stateDir: path.join(project.dir, ".heddle/state"),
      env: options.environment,
      nowMs: Date.now(),
    },
  );
  const plan = planMesh(project, {
    dev: false,
    exports: built.exports,
    table: keys.table,
    tableKey: keys.tableKey,
    seeds: keys.seeds,
    newSecret: () => randomBytes(16).toString("base64url"),
  });
  const ids = new Set(chosen.map(({ workload }) => workload));
  const place: Place = {
    project,
    options,
    defaults: await defaultWranglerConfig(),
    dataPlane: (await bundleDataPlane()).text,
  };
  const workers = plan.workers
    .filter(({ workload }) => ids.has(workload))
    .map((planned) => writeWorker(planned, built.workers.get(planned.workload), place));
  return { project: project.dir, workers, notes: keys.notes };
}

interface Place {
  readonly project: Project;
  readonly options: WeaveProjectOptions;
  readonly defaults: Readonly<Record<string, unknown>>;
  readonly dataPlane: string;
}

function writeWorker(
  planned: PlannedWorker,
  built: BuiltWorker | undefined,
  place: Place,
): WovenResult {
  const { worker } = planned;
  const workerDir = path.dirname(worker.configPath);
  const outDir = path.join(workerDir, WOVEN_DIR);
  writeIfChanged(path.join(workerDir, ".heddle/.gitignore"), "*\n");
  const woven =
    built === undefined
      ? { modules: [] }
      : weaveWorker(planned, built, outDir, { dataPlane: place.dataPlane, keep: [CONFIG_FILE] });
  const { config, notes } = wovenConfig(
    planned,
    woven.modules,
    configPlace(planned, built, outDir, place),
  );
  const configPath = path.join(outDir, CONFIG_FILE);
  const before = existsSync(configPath) ? readFileSync(configPath, "utf8") : undefined;
  writeIfChanged(configPath, `${JSON.stringify(config, null, 2)}\n`);
  const redirect = redirectWrangler(workerDir, configPath);
  if (isWrangler(place) && before !== undefined) refuseStale(planned, before, config);
  return {
    workload: planned.workload,
    join: planned.join,
    configPath,
    redirect,
    notes: [...planned.notes, ...notes],
  };
}

/** Whether wrangler runs us as the build command of a woven file it has read already. */
const isWrangler = ({ options }: Place): boolean =>
  options.environment["WRANGLER_COMMAND"] !== undefined;

/** Stops wrangler when the file it has read is not the one that holds now. */
function refuseStale({ worker }: PlannedWorker, before: string, now: object): void {
  const settings = (config: object): string => {
    const { build, ...rest } = config as { readonly build?: { readonly command?: string } };
    return JSON.stringify([rest, build?.command]);
  };
  if (settings(JSON.parse(before) as object) === settings(JSON.parse(JSON.stringify(now)) as object)) {
    return;
  }
  throw new CliError(EXIT.failed, {
    message: `what ${worker.workload} is woven from has changed since wrangler read ${WOVEN_DIR}/${CONFIG_FILE}`,
    where: displayPath(worker.configPath),
    mend: "It is woven anew: run the wrangler command once more.",
  });
}

function configPlace(
  { worker, workload }: PlannedWorker,
  built: BuiltWorker | undefined,
  outDir: string,
  { project, options, defaults }: Place,
): ConfigPlace {
  const workerDir = path.dirname(worker.configPath);
  const { cwd } = worker.config.build;
  const ownCwd = worker.join === "woven" || cwd === undefined ? "." : cwd;
  return {
    outDir,
    defaults,
    scriptOf: scriptNames(project),
    tableId: options.environment["HEDDLE_TABLE_ID"] ?? "heddle-table",
    buildCommand: againCommand({
      cwd: path.resolve(workerDir, ownCwd),
      project: project.dir,
      workload,
      env: options.env ?? worker.env,
    }),
    watch: watchPaths(worker, built?.inputs ?? []),
  };
}

function choose(project: Project, { workers, cwd }: WeaveProjectOptions): readonly ProjectWorker[] {
  if (workers.length === 0) return project.workers;
  return workers.flatMap((wanted) => {
    const at = path.resolve(cwd, wanted);
    const found = project.workers.filter(
      ({ workload, name, configPath }) =>
        workload === wanted || name === wanted || [configPath, path.dirname(configPath)].includes(at),
    );
    if (found.length > 0) return found;
    throw new CliError(EXIT.usage, {
      message: `${wanted} is no Worker of the project ${displayPath(project.dir)}`,
      mend: `Its Workers: ${project.workers.map(({ name }) => name).join(", ")}.`,
    });
  });
}

/** Two Workers cannot share a name on the platform, nor a folder wrangler is sent from. */
function refuseTwins({ workers }: Project, chosen: readonly ProjectWorker[]): void {
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

interface Builds {
  readonly workers: ReadonlyMap<string, BuiltWorker>;
  readonly exports: ReadonlyMap<string, readonly string[]>;
}

/** Builds what is woven, and the Workers whose exports have to be known to bind to them. */
async function build(project: Project, chosen: readonly ProjectWorker[]): Promise<Builds> {
  const wanted = new Set(chosen.flatMap((worker) => targetsByName(project, worker)));
  const others = project.workers.filter(
    (worker) => wanted.has(worker.workload) && !chosen.includes(worker),
  );
  const own = `${chosen[0]?.workload.replace("/", ".") ?? "none"}.targets`;
  const workers = new Map<string, BuiltWorker>();
  const exports = new Map<string, readonly string[]>();
  await Promise.all(
    [...chosen, ...others].filter(hasModules).map(async (worker) => {
      const isChosen = chosen.includes(worker);
      // Nobody else writes here, so that wrangler commands of several Workers may run at once.
      const folder = path.join(isChosen ? "" : own, worker.workload.replace("/", "."));
      const built = await buildWorker(worker.configPath, {
        env: worker.env,
        outDir: path.join(project.dir, ".heddle/build/weave", folder),
      });
      const exported = await readExports(built);
      if (isChosen) refuseByBuild(worker, exported, built.modules.map(({ name }) => name));
      workers.set(worker.workload, built);
      exports.set(worker.workload, exported.names.length > 0 ? exported.names : ["default"]);
    }),
  );
  return { workers, exports };
}
