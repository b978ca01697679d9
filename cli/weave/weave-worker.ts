// Owns the folder of one woven Worker: wrangler's modules as they are, the data plane, and the entry that joins them.
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Bundle, Parts } from "../bundle.ts";
import type { BuiltWorker } from "../dev/build.ts";
import type { WorkerModule } from "../dev/modules.ts";
import { bootModule, entryModule, handModule, wiringModule } from "./entry.ts";
import { exportsUsed } from "./exports.ts";
import { removeOthers, writeIfChanged } from "./files.ts";
import type { PlannedWorker } from "./plan.ts";
import { WOVEN_FILES } from "./weavable.ts";

/** A Worker's modules after weaving. */
export interface WovenWorker {
  /** Absolute path of the main module. */
  readonly main: string;
  /** All modules, the main one first; their names are paths below the folder. */
  readonly modules: readonly WorkerModule[];
}

/** What a woven Worker is made of beside its build. */
export interface WeaveOptions {
  /** The data plane, with the Worker's {@link partsOf}. */
  readonly dataPlane: Pick<Bundle, "text" | "late" | "proved">;
  /** Dev: text of a module that exports `watch(user)`, called before the exports are woven, and `HeddleRuns`. */
  readonly devModule?: string;
  /** Files in the folder that are not weaving's and stay. */
  readonly keep?: readonly string[];
}

/** What a Worker needs of the data plane beside what all need. */
export function partsOf(
  { wiring, worker: { config } }: PlannedWorker,
  { modules }: Pick<BuiltWorker, "modules">,
): Parts {
  const { durable_objects: objects, migrations = [], exports = {} } = config;
  const isHost = migrations.length > 0 || Object.keys(exports).length > 0;
  return {
    routes: wiring?.ownRoutes ?? false,
    assets: hasAssets(wiring),
    objects: isHost || objects.bindings.length > 0,
    dev: wiring?.dev ?? false,
    queues: wiring?.queues !== undefined,
    ...exportsUsed(
      modules.filter(({ type }) => type === "ESModule").map((it) => readFileSync(it.path, "utf8")),
    ),
  };
}

const hasAssets = (wiring: PlannedWorker["wiring"]): boolean => (wiring?.assets ?? null) !== null;

/** Weaves a built Worker into `outDir`; one that joins by hand (but for an entry in dev) or by the relay stays as built. */
export function weaveWorker(
  planned: PlannedWorker,
  built: Pick<BuiltWorker, "main" | "modules">,
  outDir: string,
  options: WeaveOptions,
): WovenWorker {
  const main = built.modules.find(({ path: at }) => at === built.main)?.name ?? "index.js";
  if (planned.join === "hand" && planned.wiring?.dev === true) {
    const file = path.join(outDir, WOVEN_FILES.entry);
    writeIfChanged(
      file,
      handModule({ main, exports: planned.exports, hasAssets: hasAssets(planned.wiring) }),
    );
    const entry: WorkerModule = { name: WOVEN_FILES.entry, type: "ESModule", path: file };
    return { main: file, modules: [entry, ...built.modules] };
  }
  if (planned.join !== "woven" || planned.wiring === null) {
    return { main: built.main, modules: built.modules };
  }
  const { wiring } = planned;
  const isDev = wiring.dev === true;
  const added: Record<string, string> = {
    [WOVEN_FILES.entry]: entryModule({
      main,
      exports: planned.exports,
      isDev,
      hasDevModule: options.devModule !== undefined,
      hasAssets: hasAssets(wiring),
    }),
    [WOVEN_FILES.boot]: bootModule(),
    [WOVEN_FILES.wiring]: wiringModule(wiring),
    [WOVEN_FILES.dataPlane]: options.dataPlane.text,
    [WOVEN_FILES.late]: options.dataPlane.late,
    [WOVEN_FILES.proved]: options.dataPlane.proved,
    ...(options.devModule === undefined ? {} : { [WOVEN_FILES.dev]: options.devModule }),
  };
  for (const [name, text] of Object.entries(added)) writeIfChanged(path.join(outDir, name), text);
  const maps = copyModules(built.modules, outDir);
  const names = [...Object.keys(added), ...built.modules.map(({ name }) => name)];
  removeOthers(outDir, [...names, ...maps, ...(options.keep ?? [])]);
  const modules: readonly WorkerModule[] = [
    ...Object.keys(added).map((name): WorkerModule => ({ name, type: "ESModule", path: "" })),
    ...built.modules,
  ].map(({ name, type }) => ({ name, type, path: path.join(outDir, name) }));
  return { main: path.join(outDir, WOVEN_FILES.entry), modules };
}

/** Copies modules and the source maps beside them; returns the names of the maps. */
function copyModules(modules: readonly WorkerModule[], outDir: string): readonly string[] {
  const maps: string[] = [];
  for (const { name, path: from } of modules) {
    writeIfChanged(path.join(outDir, name), readFileSync(from));
    if (!existsSync(`${from}.map`)) continue;
    writeIfChanged(path.join(outDir, `${name}.map`), readFileSync(`${from}.map`));
    maps.push(`${name}.map`);
  }
  return maps;
}
