// Owns `heddle weave` from end to end: load, build, plan, weave, and point wrangler at the result.
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { bundleDataPlane } from "../bundle.ts";
import type { BuiltWorker } from "../dev/build.ts";
import { CliError, EXIT } from "../exit.ts";
import { findProject, loadProject, type Project } from "../project/load.ts";
import { displayPath } from "../project/project-error.ts";
import { defaultWranglerConfig } from "../project/wrangler-config.ts";
import { againCommand, redirectWrangler } from "./again.ts";
import { buildChosen, chooseWorkers, refuseTwins, type Choice } from "./build-chosen.ts";
import { wovenConfig, type ConfigPlace, type GeneratedConfig } from "./config.ts";
import { writeIfChanged } from "./files.ts";
import { collectKeys } from "./keys.ts";
import { planMesh, type PlannedWorker } from "./plan.ts";
import { refuseQueues } from "./queues.ts";
import { scriptNames } from "./script-names.ts";
import { isSameConfig } from "./stale.ts";
import { SYSTEM, type PlannedSystem } from "./system.ts";
import { watchPaths } from "./watch-paths.ts";
import { refuseByConfig } from "./weavable.ts";
import { partsOf, weaveWorker } from "./weave-worker.ts";
import { writeSystem } from "./write-system.ts";

/** What to weave. */
export interface WeaveProjectOptions extends Choice {
  /** Absolute folder of mesh.yaml, or one below it. */
  readonly from: string;
  readonly env?: string;
  /** Version tag of all that is woven; absent: what mesh.yaml says. */
  readonly tag?: string;
  /** Environment of the process: HEDDLE_CONTROL, HEDDLE_TOKEN, HEDDLE_KEK, HEDDLE_TABLE_ID, WRANGLER_COMMAND. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** One Worker that was woven. */
export interface WovenResult {
  readonly workload: string;
  readonly join: string;
  /** The generated wrangler file, absolute. */
  readonly configPath: string;
  /** The file that sends wrangler there, absolute; null for the mesh's own: `wrangler deploy -c FILE`. */
  readonly redirect: string | null;
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
  const { env, tag } = options;
  const loaded = await loadProject(dir, env === undefined ? {} : { env });
  const project = tag === undefined ? loaded : tagged(loaded, tag);
  const chosen = chooseWorkers(project, options);
  chosen.forEach(refuseByConfig);
  for (const worker of project.workers) refuseQueues(worker, project);
  refuseTwins(project, chosen);
  const built = await buildChosen(project, chosen);
  const isWhole = options.workers.length === 0;
  const joining = chosen.filter(({ join }) => join !== "relay").map(({ workload }) => workload);
  const keys = await collectKeys([...joining, ...(isWhole ? [SYSTEM.gateway, SYSTEM.relay] : [])], {
    stateDir: path.join(project.dir, ".heddle/state"),
    env: options.environment,
    nowMs: Date.now(),
  });
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
  };
  const workers: WovenResult[] = [];
  for (const planned of plan.workers.filter(({ workload }) => ids.has(workload)))
    workers.push(await writeWorker(planned, built.workers.get(planned.workload), place));
  const systems = isWhole ? await writeSystems([plan.gateway, plan.relay], place) : [];
  const notes = [...keys.notes, ...(options.environment[TABLE_ID] ? [] : [NO_TABLE_ID])];
  return { project: project.dir, workers: [...workers, ...systems], notes };
}

/** The project with this version tag on each of its Workers. */
const tagged = (project: Project, tag: string): Project => ({
  ...project,
  workers: project.workers.map((worker) => ({ ...worker, tag })),
});

/** The gateway and the relay reach everything, so they are written when everything is woven. */
async function writeSystems(
  systems: readonly PlannedSystem[],
  { project, options, defaults }: Place,
): Promise<readonly WovenResult[]> {
  writeIfChanged(path.join(project.dir, ".heddle/.gitignore"), "*\n");
  return await Promise.all(
    systems.map(async (planned): Promise<WovenResult> => {
      const configPath = await writeSystem(planned, {
        outDir: path.join(project.dir, WOVEN_DIR, planned.workload.replace("/", ".")),
        defaults,
        scriptOf: scriptNames(project),
        tableId: tableIdOf(options),
      });
      return { workload: planned.workload, join: "system", configPath, redirect: null, notes: [] };
    }),
  );
}

const tableIdOf = ({ environment }: WeaveProjectOptions): string =>
  environment[TABLE_ID] ?? "heddle-table";

const TABLE_ID = "HEDDLE_TABLE_ID";
const NO_TABLE_ID = `${TABLE_ID} is not set: before a deploy, set it to the id of the KV namespace with the table`;

interface Place {
  readonly project: Project;
  readonly options: WeaveProjectOptions;
  readonly defaults: Readonly<Record<string, unknown>>;
}

async function writeWorker(
  planned: PlannedWorker,
  built: BuiltWorker | undefined,
  place: Place,
): Promise<WovenResult> {
  const { worker } = planned;
  const workerDir = path.dirname(worker.configPath);
  const outDir = path.join(workerDir, WOVEN_DIR);
  writeIfChanged(path.join(workerDir, ".heddle/.gitignore"), "*\n");
  const woven =
    built === undefined
      ? { modules: [] }
      : weaveWorker(planned, built, outDir, {
          dataPlane: await bundleDataPlane({ parts: partsOf(planned, built) }),
          keep: [CONFIG_FILE],
        });
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
    notes: [...planned.warnings, ...planned.notes, ...notes],
  };
}

/** Whether wrangler runs us as the build command of a woven file it has read already. */
const isWrangler = ({ options }: Place): boolean =>
  options.environment["WRANGLER_COMMAND"] !== undefined;

/** Stops wrangler when the file it has read is not the one that holds now. */
function refuseStale({ worker }: PlannedWorker, before: string, now: GeneratedConfig): void {
  if (isSameConfig(JSON.parse(before) as GeneratedConfig, now)) return;
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
    tableId: tableIdOf(options),
    buildCommand: againCommand({
      cwd: path.resolve(workerDir, ownCwd),
      project: project.dir,
      workload,
      env: options.env ?? worker.env,
      tag: options.tag,
    }),
    watch: watchPaths(worker, built?.inputs ?? []),
  };
}
