// Owns the command by which wrangler weaves a Worker again before it takes it, and the file that sends wrangler there.
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { relativeTo, toSlashes, writeIfChanged } from "./files.ts";

/** What is woven again, and from where. */
export interface Again {
  /** Absolute folder the command will run in. */
  readonly cwd: string;
  /** Absolute folder of mesh.yaml. */
  readonly project: string;
  readonly workload: string;
  readonly env?: string | undefined;
  readonly tag?: string | undefined;
}

/** `node <heddle> weave …`, with relative paths only: a checkout may lie elsewhere on another machine. */
export function againCommand({ cwd, project, workload, env, tag }: Again): string {
  const projectPath = toSlashes(path.relative(cwd, project)) || ".";
  const words = ["node", binFrom(cwd), "weave", "--project", projectPath];
  if (env !== undefined) words.push("--env", env);
  if (tag !== undefined) words.push("--tag", tag);
  return [...words, workload].map(quote).join(" ");
}

/** Writes `.wrangler/deploy/config.json`, which makes plain wrangler commands in that folder take another file. */
export function redirectWrangler(workerDir: string, configPath: string): string {
  const file = path.join(workerDir, ".wrangler/deploy/config.json");
  const target = relativeTo(path.dirname(file), configPath);
  writeIfChanged(file, `${JSON.stringify({ configPath: target })}\n`);
  return file;
}

/** The heddle command as seen from a folder: the one installed there, else this one. */
function binFrom(cwd: string): string {
  for (let dir = cwd; ; dir = path.dirname(dir)) {
    const installed = path.join(dir, "node_modules/heddle/cli/bin.js");
    if (existsSync(installed)) return toSlashes(path.relative(cwd, installed));
    if (dir === path.dirname(dir)) break;
  }
  return toSlashes(path.relative(cwd, path.join(packageRoot(), "cli/bin.js")));
}

/** The folder of heddle's own package.json: the checkout, or below node_modules. */
export function packageRoot(): string {
  for (let dir = import.meta.dirname; ; dir = path.dirname(dir)) {
    const file = path.join(dir, "package.json");
    if (existsSync(file)) {
      const { name } = JSON.parse(readFileSync(file, "utf8")) as { readonly name?: string };
      if (name === "heddle") return dir;
    }
    if (dir === path.dirname(dir)) throw new Error("heddle's own package.json is missing");
  }
}

const quote = (word: string): string => (/^[\w./@:=-]+$/.test(word) ? word : JSON.stringify(word));
