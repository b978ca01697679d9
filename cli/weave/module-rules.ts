// Owns the `rules` that make wrangler ship a folder's modules as what they are.
// By extension, since the names of wrangler's modules carry a hash that changes with their content.
import path from "node:path";
import type { ModuleRule, ModuleType, WorkerModule } from "../dev/modules.ts";

/** Types wrangler has rules of its own for; ours replace them, so that no other file is taken. */
const ALWAYS: readonly ModuleType[] = ["Text", "Data", "CompiledWasm"];

/** A rule for wrangler; `fallthrough: false` also silences its warning about the rules replaced. */
export interface WranglerRule extends ModuleRule {
  readonly fallthrough: boolean;
}

/** Rules that give each module its type; where one extension has two types, the rarer one is by name and first. */
export function toRules(
  modules: readonly Pick<WorkerModule, "name" | "type">[],
): readonly WranglerRule[] {
  const counts = new Map<string, Map<ModuleType, number>>();
  for (const { name, type } of modules) {
    const types = counts.get(path.posix.extname(name)) ?? new Map<ModuleType, number>();
    types.set(type, (types.get(type) ?? 0) + 1);
    counts.set(path.posix.extname(name), types);
  }
  const named = new Map<ModuleType, Set<string>>();
  const byExtension = new Map<ModuleType, Set<string>>(ALWAYS.map((type) => [type, new Set()]));
  for (const { name, type } of modules) {
    const extension = path.posix.extname(name);
    const isMain = extension !== "" && mostFrequent(counts.get(extension)) === type;
    add(isMain ? byExtension : named, type, isMain ? `**/*${extension}` : name);
  }
  return [
    ...[...named].map(([type, globs]) => ({ type, globs: [...globs].sort(), fallthrough: true })),
    ...[...byExtension].map(([type, globs]) => ({
      type,
      globs: [...globs].sort(),
      fallthrough: false,
    })),
  ];
}

function mostFrequent(types: ReadonlyMap<ModuleType, number> | undefined): ModuleType | undefined {
  return [...(types ?? [])].sort(([, a], [, b]) => b - a)[0]?.[0];
}

function add(to: Map<ModuleType, Set<string>>, type: ModuleType, glob: string): void {
  to.set(type, (to.get(type) ?? new Set()).add(glob));
}
