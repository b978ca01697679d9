// Owns the wrangler file of a Worker in the mesh: the user's, flattened for one environment, with what its way of
// joining changes and nothing else.
import path from "node:path";
import { BINDINGS } from "../../mesh/contract/wiring.ts";
import type { WorkerModule } from "../dev/modules.ts";
import type { WranglerConfig } from "../project/wrangler-config.ts";
import { relocate } from "./config-paths.ts";
import { toRules } from "./module-rules.ts";
import type { PlannedWorker } from "./plan.ts";
import type { MeshBinding } from "./reach.ts";
import type { PlannedSystem } from "./system.ts";
import { hasOwnRoutes, WOVEN_FILES } from "./weavable.ts";

/** A wrangler file as an object of JSON. */
export type GeneratedConfig = Readonly<Record<string, unknown>>;

/** Where the new file will lie and what it is to name. */
export interface ConfigPlace {
  /** Absolute folder of the new file. */
  readonly outDir: string;
  /** What wrangler assumes where a file says nothing; such settings are left out. */
  readonly defaults: GeneratedConfig;
  /** The name a workload is deployed under. */
  readonly scriptOf: (workload: string) => string;
  /** Id of the KV namespace with the table. */
  readonly tableId: string;
  /** `build.command`: what wrangler runs before it takes the Worker. */
  readonly buildCommand: string;
  /** Absolute paths whose change makes `wrangler dev` run it again. */
  readonly watch: readonly string[];
}

/** A generated file, and what whoever weaves should know about it. */
export interface ConfigResult {
  readonly config: GeneratedConfig;
  readonly notes: readonly string[];
}

/**
 * What `targetEnvironment` says when the top level was woven: wrangler then refuses `--env`, with which it would
 * otherwise deploy the top level's Worker as if it were that environment's.
 */
export const TOP_LEVEL = "(top level)";

/** Settings that were for the build wrangler has done. */
const BUILT_WITH = [
  "alias",
  "base_dir",
  "define",
  "jsx_factory",
  "jsx_fragment",
  "keep_names",
  "minify",
  "preserve_file_names",
  "python_modules",
  "rules",
  "tsconfig",
] as const;

/** A variable holds no more (Workers limit). */
const VARIABLE_BYTES = 5_120;

/** The wrangler file of a planned Worker; `modules` are those of the woven folder. */
export function wovenConfig(
  planned: PlannedWorker,
  modules: readonly Pick<WorkerModule, "name" | "type">[],
  place: ConfigPlace,
): ConfigResult {
  const { worker } = planned;
  const base = flatten(worker.config, worker.env, place);
  const services = [...planned.outside, ...planned.bindings.map((it) => toService(it, place))];
  const joined = {
    ...base,
    name: worker.script,
    services,
    build: toBuild(worker.config, planned, place),
  };
  if (planned.wiring === null) return { config: joined, notes: [] };
  const closed = closeHoles(joined, worker.config);
  const bound = { ...closed.config, kv_namespaces: withTable(worker.config, place) };
  if (planned.join === "hand") {
    const { value, note } = toVariable(planned.wiring);
    const vars = { ...worker.config.vars, [BINDINGS.wiring]: value };
    return { config: { ...bound, vars }, notes: [...closed.notes, ...note] };
  }
  const config: Record<string, unknown> = {
    ...bound,
    main: WOVEN_FILES.entry,
    no_bundle: true,
    find_additional_modules: true,
    rules: toRules(modules),
  };
  for (const setting of BUILT_WITH) if (setting !== "rules") delete config[setting];
  return { config, notes: closed.notes };
}

/** Where the file of one of the mesh's own Workers will lie. */
export type SystemPlace = Pick<ConfigPlace, "outDir" | "defaults" | "scriptOf" | "tableId">;

/** The wrangler file of the gateway or the relay for one mesh; `main` is bundled by wrangler as ever. */
export function systemConfig(
  planned: PlannedSystem,
  own: WranglerConfig,
  main: string,
  place: SystemPlace,
): GeneratedConfig {
  return {
    ...flatten(own, undefined, place),
    main,
    services: [...(own.services ?? []), ...planned.bindings.map((it) => toService(it, place))],
    kv_namespaces: withTable(own, place),
  };
}

/** A service binding as a wrangler file has it. */
export const toService = (
  { binding, workload, entrypoint, props }: MeshBinding,
  { scriptOf }: Pick<ConfigPlace, "scriptOf">,
): GeneratedConfig => ({
  binding,
  service: scriptOf(workload),
  ...(entrypoint === null ? {} : { entrypoint }),
  ...(props === undefined ? {} : { props }),
});

/** The wiring for the variable HEDDLE_WIRING; without the table where a variable is too small for it. */
export function toVariable(wiring: object): { value: object; note: readonly string[] } {
  if (JSON.stringify(wiring).length <= VARIABLE_BYTES) return { value: wiring, note: [] };
  return {
    value: { ...wiring, table: null },
    note: [`${BINDINGS.wiring} goes without the table: a variable holds ${VARIABLE_BYTES} bytes`],
  };
}

/** All settings that differ from wrangler's defaults, for one environment, with paths that hold in the new place. */
function flatten(
  config: WranglerConfig,
  env: string | undefined,
  { outDir, defaults }: SystemPlace,
): Record<string, unknown> {
  const { configPath = "", userConfigPath: _, targetEnvironment: __, ...settings } = config;
  const kept = Object.entries(settings).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(defaults[name]),
  );
  const flat: Record<string, unknown> = Object.fromEntries(kept);
  delete flat["previews"];
  // With a target that is no environment wrangler would tag the Worker with it; without the list it tags nothing.
  if (env === undefined) delete flat["definedEnvironments"];
  return {
    ...relocate(flat, path.dirname(configPath), outDir),
    targetEnvironment: env ?? TOP_LEVEL,
  };
}

function toBuild(
  { build }: WranglerConfig,
  { join }: PlannedWorker,
  { buildCommand, watch, outDir }: ConfigPlace,
): GeneratedConfig {
  const watched = { watch_dir: watch.map((file) => path.relative(outDir, file)) };
  if (join === "woven") return { command: buildCommand, ...watched };
  // Wrangler builds this Worker itself, so the user's own command still has to run.
  const command = build.command ? `${buildCommand} && (${build.command})` : buildCommand;
  return { command, ...(build.cwd === undefined ? {} : { cwd: build.cwd }), ...watched };
}

function withTable(
  { kv_namespaces: own = [] }: WranglerConfig,
  { tableId }: Pick<ConfigPlace, "tableId">,
): readonly unknown[] {
  return [...own, { binding: BINDINGS.table, id: tableId }];
}

/** Closes every way into a Worker that does not lead through its chain. */
function closeHoles(settings: Record<string, unknown>, config: WranglerConfig): ConfigResult {
  const notes: string[] = [];
  const closed = { ...settings };
  closed["compatibility_flags"] = withAsyncLocalStorage(config);
  if (!hasOwnRoutes(config)) {
    if (config.workers_dev === true) notes.push("its workers.dev address is closed");
    Object.assign(closed, { workers_dev: false, preview_urls: false });
  }
  if (config.assets !== undefined) {
    const binding = config.assets.binding ?? BINDINGS.assets;
    const relocated = settings["assets"] as object;
    closed["assets"] = { ...relocated, binding, run_worker_first: true };
  }
  const exportsOn = Object.entries(config.exports ?? {}).filter(([, it]) => it.cache?.enabled);
  if (config.cache?.enabled) closed["cache"] = { ...config.cache, enabled: false };
  if (exportsOn.length > 0) {
    const off = exportsOn.map(([name, it]) => [name, { ...it, cache: { enabled: false } }]);
    closed["exports"] = { ...config.exports, ...Object.fromEntries(off) };
  }
  if (config.cache?.enabled || exportsOn.length > 0) {
    notes.push("Workers Caching is off: a cached answer would pass by the mesh's policies");
  }
  return { config: closed, notes };
}

/** nodejs_compat, which brings AsyncLocalStorage, is on by default from this date. */
const NODEJS_COMPAT_DATE = "2026-08-04";

function withAsyncLocalStorage(config: WranglerConfig): readonly string[] {
  const flags = config.compatibility_flags.filter((flag) => flag !== "no_nodejs_als");
  const isByDate =
    (config.compatibility_date ?? "") >= NODEJS_COMPAT_DATE && !flags.includes("no_nodejs_compat");
  const isByFlag = flags.includes("nodejs_als") || flags.includes("nodejs_compat");
  return isByDate || isByFlag ? flags : [...flags, "nodejs_als"];
}
