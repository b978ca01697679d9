// Owns which Workers can be woven, and which names of theirs would collide with what weaving adds.
import { readFileSync } from "node:fs";
import type { BuiltWorker } from "../dev/build.ts";
import type { ProjectWorker } from "../project/workers.ts";
import type { WranglerConfig } from "../project/wrangler-config.ts";
import { displayPath } from "../project/project-error.ts";
import { BINDINGS } from "../../mesh/contract/wiring.ts";
import type { WorkerExports } from "./exports.ts";
import { WeaveError, type RefusalCode } from "./refusal.ts";

/**
 * Names of the modules weaving adds; `HeddleDev` and `HeddleRuns` are the exports it adds in dev, `HeddleFront` is
 * the default export once more, where static assets stand in front of it.
 */
export const WOVEN_FILES = {
  dataPlane: "heddle.js",
  late: "heddle-late.js",
  proved: "heddle-proved.js",
  wiring: "heddle-wiring.js",
  boot: "heddle-boot.js",
  entry: "heddle-entry.js",
  dev: "heddle-dev.js",
} as const;
export const DEV_EXPORT = "HeddleDev";
export const RUNS_EXPORT = "HeddleRuns";
export const FRONT_EXPORT = "HeddleFront";

const ADDED_EXPORTS: readonly string[] = [DEV_EXPORT, RUNS_EXPORT, FRONT_EXPORT];

/** Whether a Worker has a script that can be built, and modules to read exports from. */
export const hasModules = ({ config }: Pick<ProjectWorker, "config">): boolean =>
  config.main !== undefined && !config.main.endsWith(".py");

/** Throws when the wrangler file alone shows that a Worker which is to join in its isolate cannot. */
export function refuseByConfig(worker: ProjectWorker): void {
  if (worker.join === "relay") return;
  const { config } = worker;
  const refuse = refuser(worker);
  if (config.compatibility_flags.includes("allow_irrevocable_stub_storage")) refuse("HEDDLE-W004");
  if (config.main === undefined) refuse("HEDDLE-W003");
  if (config.main?.endsWith(".py")) refuse("HEDDLE-W001");
  if (worker.join === "hand") return;
  if (config.site?.bucket !== undefined) refuse("HEDDLE-W005");
  const taken = bindingNames(config).find(isReserved);
  if (taken !== undefined) refuse("HEDDLE-W006", `the binding ${taken}`);
}

/** Throws when the build of a Worker that is to join in its isolate shows that it cannot. */
export function refuseByBuild(
  worker: ProjectWorker,
  exported: WorkerExports,
  modules: BuiltWorker["modules"],
): void {
  if (worker.join === "relay") return;
  const refuse = refuser(worker);
  const failing = hasOwnRoutes(worker.config) ? modules.find(passesThrough) : undefined;
  if (failing !== undefined) refuse("HEDDLE-W011", `in ${failing.name}`);
  if (worker.join === "hand") return;
  const [unread] = exported.unread;
  if (unread !== undefined) refuse("HEDDLE-W007", `export * from "${unread}"`);
  if (exported.names.length === 0) refuse("HEDDLE-W002");
  const added = exported.names.find((name) => ADDED_EXPORTS.includes(name));
  if (added !== undefined) refuse("HEDDLE-W006", `the export ${added}`);
  const ours = new Set<string>(Object.values(WOVEN_FILES));
  const taken = modules.find(({ name }) => ours.has(name));
  if (taken !== undefined) refuse("HEDDLE-W006", `the module ${taken.name}`);
}

/** Whether a Worker's wrangler file gives it routes or custom domains. */
export const hasOwnRoutes = ({ route, routes }: WranglerConfig): boolean =>
  route !== undefined || (routes !== undefined && routes.length > 0);

/** A call of it: many libraries make contexts with a member of that name. */
const PASSES_THROUGH =
  /(?:\.\s*passThroughOnException|\[\s*(["'`])passThroughOnException\1\s*\])\s*(?:\?\.\s*)?\(/;

const passesThrough = ({ type, path }: BuiltWorker["modules"][number]): boolean =>
  (type === "ESModule" || type === "CommonJS") && PASSES_THROUGH.test(readFileSync(path, "utf8"));

const refuser =
  (worker: ProjectWorker) =>
  (code: RefusalCode, detail?: string): never => {
    throw new WeaveError(code, worker.workload, displayPath(worker.configPath), detail);
  };

/** HEDDLE_KEK is the user's to set: a secret, or a variable where nothing is secret. */
const isReserved = (name: string): boolean =>
  name !== BINDINGS.kek &&
  (Object.values(BINDINGS) as readonly string[]).some(
    (ours) => name === ours || (ours === BINDINGS.endpointPrefix && name.startsWith(ours)),
  );

/** The names a wrangler file puts into `env`, whatever kind of binding it is. */
export function bindingNames(config: WranglerConfig): readonly string[] {
  const names = Object.keys(config.vars ?? {});
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit);
    if (typeof value !== "object" || value === null) return;
    const { binding } = value as { readonly binding?: unknown };
    if (typeof binding === "string") names.push(binding);
  };
  Object.values(config).forEach(visit);
  visit((config["queues"] as { readonly producers?: unknown } | undefined)?.producers);
  names.push(...config.durable_objects.bindings.map(({ name }) => name));
  return names;
}
