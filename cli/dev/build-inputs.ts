// Owns whether a built Worker is still current: which files a build read, and what they were.
// A build is current while those files, and the names beside them (a new file can take another's place
// in an import), are as they were. What cannot be known is said, and then the Worker is built each time.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, readdir, stat } from "node:fs/promises";
import path from "node:path";

/** What a build read. Absolute paths; a file that was looked for and not there has `null`. */
export interface BuildInputs {
  readonly files: Readonly<Record<string, string | null>>;
  /** Digest of the file names in a folder. */
  readonly folders: Readonly<Record<string, string>>;
  /** The Worker's folder and the digest of all names below it. */
  readonly project: { readonly dir: string; readonly names: string };
}

export interface BuildRecord {
  readonly projectDir: string;
  readonly configPath: string;
  readonly tsconfig: string | undefined;
  /** esbuild's `inputs`, relative to the project's folder; undefined where wrangler did not bundle. */
  readonly bundled: readonly string[] | undefined;
  /** Modules that wrangler copied as they are; their sources are found by content. */
  readonly copied: readonly string[];
  /** Milliseconds since the epoch; an input changed later was perhaps not what the build read. */
  readonly startedAt: number;
}

/** Folders no build reads by name. node_modules counts through the files that were bundled from it. */
const unread = new Set(["node_modules", ".git", ".wrangler", ".heddle", "coverage"]);
const maxNames = 20_000;

/** Collects the inputs of a build, or says in a sentence why they cannot be known. */
export async function collectInputs(record: BuildRecord): Promise<BuildInputs | string> {
  const { projectDir } = record;
  const names = await namesBelow(projectDir);
  if (!names) return `there are more than ${maxNames} files below ${projectDir}`;
  const bundled = (record.bundled ?? [])
    .map((input) => path.resolve(projectDir, input))
    .filter((file) => !file.includes(`${path.sep}.wrangler${path.sep}`) && existsSync(file));
  const sources = await findSources(
    record.copied,
    names.map((name) => path.join(projectDir, name)),
  );
  if (typeof sources === "string") return sources;

  const read = [...bundled, ...sources];
  const around = [...new Set(read.map((file) => path.dirname(file)))];
  const settings = [...(await tsconfigs(record)), ...above(around)];
  const files: Record<string, string | null> = {};
  for (const file of new Set([record.configPath, ...read, ...settings, ...envFiles(projectDir)])) {
    files[file] = await digestFile(file);
    if (files[file] !== null && Math.floor((await stat(file)).mtimeMs) > record.startedAt) {
      return `${file} changed while it was built`;
    }
  }
  const folders: Record<string, string> = {};
  for (const dir of around) {
    if (path.relative(projectDir, dir).startsWith("..")) folders[dir] = await digestFolder(dir);
  }
  return { files, folders, project: { dir: projectDir, names: digest(names.join("\n")) } };
}

/** Whether everything a build read is as it was. */
export async function areCurrent(inputs: BuildInputs): Promise<boolean> {
  const names = await namesBelow(inputs.project.dir);
  if (!names || digest(names.join("\n")) !== inputs.project.names) return false;
  for (const [dir, was] of Object.entries(inputs.folders)) {
    if ((await digestFolder(dir)) !== was) return false;
  }
  for (const [file, was] of Object.entries(inputs.files)) {
    if ((await digestFile(file)) !== was) return false;
  }
  return true;
}

/** Names of all files below a folder, sorted; undefined when there are too many to watch. */
async function namesBelow(dir: string): Promise<readonly string[] | undefined> {
  const found: string[] = [];
  const folders = [""];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const entries = await readdir(path.join(dir, folder), { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const name = path.join(folder, entry.name);
      if (!entry.isDirectory()) found.push(name);
      else if (!unread.has(entry.name)) folders.push(name);
    }
    if (found.length > maxNames) return undefined;
  }
  return found.sort();
}

/** Which of the files became each module that was copied: the build does not say, the content does. */
async function findSources(
  copied: readonly string[],
  candidates: readonly string[],
): Promise<readonly string[] | string> {
  if (copied.length === 0) return [];
  const bySize = new Map<number, string[]>();
  for (const file of candidates) {
    const size = (await stat(file).catch(() => undefined))?.size;
    if (size !== undefined) bySize.set(size, [...(bySize.get(size) ?? []), file]);
  }
  const sources: string[] = [];
  for (const module of copied) {
    const wanted = await digestFile(module);
    const alike = bySize.get((await stat(module)).size) ?? [];
    const digests = await Promise.all(alike.map(digestFile));
    const same = alike.filter((_, index) => digests[index] === wanted);
    if (same.length === 0) return `it cannot be told where ${path.basename(module)} comes from`;
    sources.push(...same);
  }
  return sources;
}

/** The settings esbuild looks for in the folders of its inputs and all above them. */
function above(dirs: readonly string[]): readonly string[] {
  const all = new Set<string>();
  for (const start of dirs) {
    for (let dir = start; !all.has(dir); dir = path.dirname(dir)) all.add(dir);
  }
  return [...all].flatMap((dir) => [
    path.join(dir, "package.json"),
    path.join(dir, "tsconfig.json"),
  ]);
}

/** The Worker's own tsconfig and what it extends by a path. */
async function tsconfigs({ projectDir, tsconfig }: BuildRecord): Promise<readonly string[]> {
  const found: string[] = [];
  let next: string | undefined = path.resolve(projectDir, tsconfig ?? "tsconfig.json");
  while (next !== undefined && !found.includes(next)) {
    found.push(next);
    const text: string = await readFile(next, "utf8").catch(() => "");
    const extended = /"extends"\s*:\s*"(\.[^"]*)"/.exec(text)?.[1];
    next =
      extended === undefined ? undefined : withJson(path.resolve(path.dirname(next), extended));
  }
  return found;
}

function withJson(file: string): string {
  return file.endsWith(".json") ? file : `${file}.json`;
}

/** wrangler reads these into its environment, which a build may see. */
function envFiles(dir: string): readonly string[] {
  return [".env", ".env.local"].map((name) => path.join(dir, name));
}

async function digestFile(file: string): Promise<string | null> {
  return await readFile(file).then(digest, () => null);
}

async function digestFolder(dir: string): Promise<string> {
  const names: string[] = await readdir(dir).catch(() => []);
  return digest(names.sort().join("\n"));
}

/** SHA-256 in hex. */
export function digest(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
