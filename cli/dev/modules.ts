// Owns what kind of module each file of a built Worker is, by wrangler's rules.
import { readdir } from "node:fs/promises";
import path from "node:path";

export type ModuleType =
  | "ESModule"
  | "CommonJS"
  | "CompiledWasm"
  | "Text"
  | "Data"
  | "PythonModule"
  | "PythonRequirement";

export interface WorkerModule {
  /** Relative to the folder of the main module, with forward slashes: what imports resolve to. */
  readonly name: string;
  readonly type: ModuleType;
  /** Absolute. */
  readonly path: string;
}

/** An entry of `rules` in a wrangler file. */
export interface ModuleRule {
  readonly type: ModuleType;
  readonly globs: readonly string[];
}

/** wrangler's own, after those of the wrangler file; scripts last. */
const defaultRules: readonly ModuleRule[] = [
  { type: "Text", globs: ["**/*.txt", "**/*.html", "**/*.sql"] },
  { type: "Data", globs: ["**/*.bin"] },
  { type: "CompiledWasm", globs: ["**/*.wasm", "**/*.wasm?module"] },
  { type: "CommonJS", globs: ["**/*.cjs"] },
  { type: "ESModule", globs: ["**/*.js", "**/*.mjs"] },
];

/** The modules in a folder as wrangler left it, the main one first; source maps and notes are no modules. */
export async function listModules(
  dir: string,
  main: string,
  rules: readonly ModuleRule[] = [],
): Promise<readonly WorkerModule[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const modules = entries
    .filter((entry) => entry.isFile())
    .map((entry) => moduleAt(dir, path.join(entry.parentPath, entry.name), main, rules))
    .filter((module) => module !== undefined);
  return modules.sort(
    (a, b) => Number(b.path === main) - Number(a.path === main) || compare(a.name, b.name),
  );
}

function moduleAt(
  dir: string,
  file: string,
  main: string,
  rules: readonly ModuleRule[],
): WorkerModule | undefined {
  const name = path.relative(dir, file).split(path.sep).join("/");
  if (file === main) return { name, type: "ESModule", path: file };
  const rule = [...rules, ...defaultRules].find(({ globs }) =>
    globs.some((glob) => path.posix.matchesGlob(name, glob)),
  );
  return rule && { name, type: rule.type, path: file };
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
