// Owns what `wrangler dev` has to watch of a Worker whose build it leaves to us: its sources, never what is generated.
import { existsSync } from "node:fs";
import path from "node:path";
import type { ProjectWorker } from "../project/workers.ts";

const GENERATED = new Set(["node_modules", ".wrangler", ".heddle", ".git"]);

/**
 * Folders of a Worker's own that hold inputs of its build, files beside its wrangler file, folders of inputs
 * elsewhere, and what its own build command watches. Absolute and sorted.
 */
export function watchPaths(
  { configPath, config }: Pick<ProjectWorker, "configPath" | "config">,
  inputs: readonly string[],
): readonly string[] {
  const dir = path.dirname(configPath);
  const found = new Set<string>([configPath]);
  for (const input of [config.main, ...inputs]) {
    if (input === undefined || !existsSync(input)) continue;
    const parts = path.relative(dir, input).split(path.sep);
    if (parts.some((part) => GENERATED.has(part))) continue;
    const [first = "", ...rest] = parts;
    if (first !== "..") found.add(path.join(dir, first));
    else if (rest.length > 0 && isSource(input)) found.add(path.dirname(input));
  }
  for (const watched of config.build.command ? [config.build.watch_dir ?? []].flat() : []) {
    found.add(path.resolve(watched));
  }
  return [...found].sort();
}

/** Settings above the Worker's folder are watched by nobody: their folder would be the whole repository. */
const isSource = (file: string): boolean => !/(^|\/)(package|tsconfig)\.json$/.test(file);
