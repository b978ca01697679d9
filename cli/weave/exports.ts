// Owns which names a built Worker exports: read from its modules, never guessed from its source.
import { readFileSync } from "node:fs";
import path from "node:path";
import { init, parse } from "es-module-lexer";
import type { BuiltWorker } from "../dev/build.ts";
import type { ObjectBindingConfig, WranglerConfig } from "../project/wrangler-config.ts";

/** What a built Worker exports. */
export interface WorkerExports {
  /** In the order of the module; empty for service-worker syntax. */
  readonly names: readonly string[];
  /** Modules outside the build whose names an `export *` takes on; they cannot be listed. */
  readonly unread: readonly string[];
}

/** Reads the exports of a build's main module, following `export *` through its own modules. */
export async function readExports(
  built: Pick<BuiltWorker, "main" | "modules">,
): Promise<WorkerExports> {
  await init();
  const names = new Set<string>();
  const unread = new Set<string>();
  const seen = new Set<string>();
  const files = new Map(
    built.modules.filter(({ type }) => type === "ESModule").map((module) => [module.path, module]),
  );
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    const [, found] = parse(readFileSync(file, "utf8"), file);
    for (const entry of found) {
      if (entry.type !== "reexport-all") {
        if (file === built.main || entry.name !== "default") names.add(entry.name);
        continue;
      }
      const target = path.resolve(path.dirname(file), entry.from);
      if (entry.from.startsWith(".") && files.has(target)) visit(target);
      else unread.add(entry.from);
    }
  };
  visit(built.main);
  return { names: [...names], unread: [...unread] };
}

/** Of a Worker's exports those a service binding may name; the empty string is the default export. */
export function toEntrypoints(names: readonly string[], config: WranglerConfig): readonly string[] {
  const classes = classesOf(config);
  return names.filter((name) => !classes.has(name)).map((name) => (name === "default" ? "" : name));
}

/** Exported classes that the wrangler file makes Durable Objects or Workflows. */
function classesOf(config: WranglerConfig): ReadonlySet<string> {
  const isOwn = ({ script_name: script }: Pick<ObjectBindingConfig, "script_name">): boolean =>
    script === undefined || script === config.name;
  const migrated = (config.migrations ?? []).flatMap((migration) => [
    ...(migration.new_classes ?? []),
    ...(migration.new_sqlite_classes ?? []),
    ...(migration.renamed_classes ?? []).map(({ to }) => to),
    ...(migration.transferred_classes ?? []).map(({ to }) => to),
  ]);
  const declared = Object.entries(config.exports ?? {}).flatMap(([name, { type }]) =>
    type === "worker" ? [] : [name],
  );
  const bound = [...config.durable_objects.bindings, ...(config.workflows ?? [])]
    .filter(isOwn)
    .map(({ class_name: name }) => name);
  return new Set([...migrated, ...declared, ...bound]);
}
