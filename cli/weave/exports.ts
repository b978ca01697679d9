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
  /** Exported classes that no service binding can name: they extend nothing, or another base of the platform's. */
  readonly inner: readonly string[];
  /** Modules outside the build whose names an `export *` takes on; they cannot be listed. */
  readonly unread: readonly string[];
}

/** Reads the exports of a build's main module, following `export *` through its own modules. */
export async function readExports(
  built: Pick<BuiltWorker, "main" | "modules">,
): Promise<WorkerExports> {
  await init();
  const names = new Set<string>();
  const inner = new Set<string>();
  const unread = new Set<string>();
  const seen = new Set<string>();
  const files = new Map(
    built.modules.filter(({ type }) => type === "ESModule").map((module) => [module.path, module]),
  );
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    const text = readFileSync(file, "utf8");
    const [, found] = parse(text, file);
    for (const entry of found) {
      if (entry.type !== "reexport-all") {
        if (file !== built.main && entry.name === "default") continue;
        names.add(entry.name);
        const local = entry.type === "direct" ? entry.localName : undefined;
        if (local !== undefined && isInner(local, text)) inner.add(entry.name);
        continue;
      }
      const target = path.resolve(path.dirname(file), entry.from);
      if (entry.from.startsWith(".") && files.has(target)) visit(target);
      else unread.add(entry.from);
    }
  };
  visit(built.main);
  return { names: [...names], inner: [...inner], unread: [...unread] };
}

/** How a built Worker's code may reach its own exports: by any means, and by the platform's import. */
export function exportsUsed(texts: readonly string[]): {
  readonly classes: boolean;
  readonly exports: boolean;
  readonly importedExports: boolean;
} {
  return {
    classes: texts.some((text) => text.includes("cloudflare:workers")),
    exports: texts.some((text) => /\bexports\b/.test(text)),
    importedExports: texts.some((text) => IMPORTS_EXPORTS.test(text)),
  };
}

const IMPORTS_EXPORTS =
  /\bimport\s*(?:\*\s*as\s+[\w$]+|\{[^}]*\bexports\b[^}]*\})\s*from\s*["']cloudflare:workers["']/;

/** The exports of a Worker that has none to read: Python, service-worker syntax, assets alone. */
export const DEFAULT_ONLY: WorkerExports = { names: ["default"], inner: [], unread: [] };

const OTHER_BASES = /^(RpcTarget|DurableObject|WorkflowEntrypoint)\d*$/;

/** Whether a module shows that a name is a class and no entrypoint; false where it does not show. */
function isInner(name: string, text: string): boolean {
  const seen = new Set<string>();
  for (let at = name; !seen.has(at);) {
    seen.add(at);
    const quoted = at.replace(/\$/g, "\\$&");
    const head = `(?:^|[\\s;,])(?:class ${quoted}|${quoted}\\s*=\\s*class(?: [\\w$]+)?)`;
    const found = new RegExp(`${head}(?:\\s+extends\\s+([\\w$]+)\\s*\\{|\\s*(\\{))`).exec(text);
    if (found === null) return false;
    const [, base, plain] = found;
    if (plain !== undefined || base === undefined) return true;
    if (OTHER_BASES.test(base)) return true;
    at = base;
  }
  return false;
}

/** Of a Worker's exports those a service binding may name; the empty string is the default export. */
export function toEntrypoints(
  { names, inner }: WorkerExports,
  config: WranglerConfig,
): readonly string[] {
  const others = new Set([...classesOf(config), ...inner]);
  return names.filter((name) => !others.has(name)).map((name) => (name === "default" ? "" : name));
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
