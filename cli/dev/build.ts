// Owns turning a user's Worker into modules: wrangler builds it unchanged, and a Worker whose inputs
// are as they were is not built again.
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { readWranglerConfig, type WranglerConfig } from "../project/wrangler-config.ts";
import { CliError, EXIT, type Complaint } from "../exit.ts";
import { runDryRun, wranglerVersion } from "./build-command.ts";
import type { BuildMessage } from "./build-host.ts";
import { areCurrent, collectInputs, digest, type BuildInputs } from "./build-inputs.ts";
import { buildInHost, warmBuilders } from "./build-pool.ts";
import { listModules, type ModuleRule, type WorkerModule } from "./modules.ts";
import { ownAliases } from "./own-package.ts";

export { closeBuilders } from "./build-pool.ts";

export interface BuildOptions {
  /** Environment of the wrangler file. Default: its top level. */
  readonly env?: string | undefined;
  /** A folder of this Worker's own, below the project's `.heddle/build`; what was in it is replaced. */
  readonly outDir: string;
  /** Where wrangler may keep what it writes for itself. Default: `.cache` beside `outDir`. */
  readonly cacheDir?: string | undefined;
}

export interface BuiltWorker {
  readonly configPath: string;
  /** Absolute path of the main module. */
  readonly main: string;
  /** All modules, the main one first. */
  readonly modules: readonly WorkerModule[];
  /** Whether the last build was still current. */
  readonly isCached: boolean;
  /** Why the next call will build again even if nothing changed. */
  readonly uncacheable?: string | undefined;
  /** What wrangler warned about, as text. */
  readonly warnings: string;
  /** Files whose change asks for a new build, besides any new file in the Worker's folder. */
  readonly inputs: readonly string[];
}

/** What is kept beside the modules. */
interface Saved extends Omit<BuiltWorker, "isCached" | "inputs"> {
  readonly key: string;
  readonly inputs: BuildInputs | null;
}

/**
 * Builds a Worker with `wrangler deploy --dry-run`; throws a CliError with what wrangler said when it fails,
 * and then leaves the last build where it was.
 */
export async function buildWorker(configPath: string, options: BuildOptions): Promise<BuiltWorker> {
  const file = path.resolve(configPath);
  const outDir = path.resolve(options.outDir);
  const env = options.env ?? "";
  const key = digest(JSON.stringify([file, env, wranglerVersion(), ...environment()]));
  const saved = await readSaved(outDir, key);
  if (saved?.inputs && (await areCurrent(saved.inputs))) return present(saved, true);

  const startedAt = Date.now();
  const cacheDir = path.resolve(options.cacheDir ?? path.join(path.dirname(outDir), ".cache"));
  warmBuilders(cacheDir);
  const config = await readWranglerConfig(file, env).catch((error: unknown) =>
    fail(file, [], error),
  );
  const next = `${outDir}.next-${process.pid}`;
  await rm(next, { recursive: true, force: true });
  await mkdir(next, { recursive: true });
  try {
    const warnings = await run({ file, env, config, outDir: next, cacheDir });
    // wrangler's own note; a rule of the user's may take it for a module.
    await rm(path.join(next, "README.md"), { force: true });
    const fresh = await describe({ file, config, next, outDir, startedAt });
    const result: Saved = { ...fresh, key, warnings, configPath: file };
    await writeFile(path.join(next, "build.json"), JSON.stringify(result));
    await rm(outDir, { recursive: true, force: true });
    await rename(next, outDir);
    return present(result, false);
  } finally {
    await rm(next, { recursive: true, force: true });
  }
}

/** What else decides the output: see `bundleWorker` in wrangler. */
function environment(): readonly (string | undefined)[] {
  const { env } = process;
  return [env["NODE_ENV"], env["WRANGLER_BUILD_CONDITIONS"], env["WRANGLER_BUILD_PLATFORM"]];
}

async function readSaved(outDir: string, key: string): Promise<Saved | undefined> {
  const text = await readFile(path.join(outDir, "build.json"), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const saved = JSON.parse(text) as Saved;
  return saved.key === key && saved.modules.every((module) => existsSync(module.path))
    ? saved
    : undefined;
}

function present(saved: Saved, isCached: boolean): BuiltWorker {
  const { configPath, main, modules, uncacheable, warnings, inputs } = saved;
  const files = inputs ? Object.keys(inputs.files) : [configPath];
  return { configPath, main, modules, uncacheable, warnings, isCached, inputs: files };
}

interface Run {
  readonly file: string;
  readonly env: string;
  readonly config: WranglerConfig;
  readonly outDir: string;
  readonly cacheDir: string;
}

/** Builds in a host, and with the wrangler command where a host will not do; gives the warnings. */
async function run({ file, env, config, outDir, cacheDir }: Run): Promise<string> {
  const dir = path.dirname(file);
  const alias = ownAliases(config, dir);
  const metafile = path.join(outDir, "meta.json");
  const request = { configPath: file, env, outDir, metafile, alias };
  const isCustom = config.build.command !== undefined;
  // A .env goes into the environment of wrangler's process, so it gets one of its own.
  const needsProcess =
    isCustom ||
    [".env", ".env.local", `.env.${env}`].some((name) => existsSync(path.join(dir, name)));
  if (!needsProcess) {
    const reply = await buildInHost(request, cacheDir);
    if (reply.is === "built") return reply.said.trim();
    if (reply.is === "wrong") fail(file, reply.errors, reply.message);
  }
  const { code, output } = await runDryRun({ ...request, cacheDir, isVerbose: isCustom });
  if (code !== 0) fail(file, [], isCustom ? commandFailure(output) : output);
  return isCustom ? "" : output;
}

interface Built {
  readonly file: string;
  readonly config: WranglerConfig;
  readonly next: string;
  readonly outDir: string;
  readonly startedAt: number;
}

/** Looks at what wrangler wrote, and at what it read. */
async function describe({ file, config, next, outDir, startedAt }: Built) {
  const projectDir = path.dirname(file);
  const meta = await readMetafile(path.join(next, "meta.json"));
  const main = path.join(next, meta?.main ?? path.basename(config.main ?? "index.js"));
  const modules = await listModules(next, main, (config["rules"] ?? []) as readonly ModuleRule[]);
  const inputs = config.build.command
    ? "it has a build command of its own"
    : await collectInputs({
        projectDir,
        configPath: file,
        tsconfig: config["tsconfig"] as string | undefined,
        bundled: meta?.inputs,
        copied: modules.filter(({ path: at }) => !meta || at !== main).map(({ path: at }) => at),
        startedAt,
      });
  await mendSourceMap(`${main}.map`, next, outDir);
  const settled = (at: string): string => path.join(outDir, path.relative(next, at));
  return {
    main: settled(main),
    modules: modules.map((module) => ({ ...module, path: settled(module.path) })),
    inputs: typeof inputs === "string" ? null : inputs,
    uncacheable: typeof inputs === "string" ? inputs : undefined,
  };
}

interface Metafile {
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<Record<string, { readonly entryPoint?: string }>>;
}

/** esbuild's account of the bundle; undefined where wrangler did not bundle. */
async function readMetafile(
  file: string,
): Promise<{ main: string; inputs: readonly string[] } | undefined> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  await rm(file);
  const meta = JSON.parse(text) as Metafile;
  const entry = Object.entries(meta.outputs).find(([, output]) => output.entryPoint !== undefined);
  return { main: path.basename(entry?.[0] ?? "index.js"), inputs: Object.keys(meta.inputs) };
}

/** The folder the build was made in is gone; the map says where it is now. */
async function mendSourceMap(file: string, from: string, to: string): Promise<void> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) return;
  await writeFile(
    file,
    text.replace(`"sourceRoot": ${JSON.stringify(from)}`, `"sourceRoot": ${JSON.stringify(to)}`),
  );
}

/** Says what wrangler said, with file and line where it gave them. */
function fail(file: string, errors: readonly BuildMessage[], reason: unknown): never {
  const here = (at: string): string =>
    path.relative(process.cwd(), path.resolve(path.dirname(file), at));
  const located = errors.length > 0 ? errors : parseError(reason);
  const complaints = located.map(({ text, location, notes }): Complaint => ({
    message: text,
    where: location ? `${here(location.file)}:${location.line}:${location.column + 1}` : here(file),
    mend: notes?.map((note) => note.text).find((note) => note !== ""),
  }));
  const message = reason instanceof Error ? reason.message : String(reason);
  throw new CliError(
    EXIT.failed,
    complaints.length > 0 ? complaints : { message: message.trim(), where: here(file) },
    reason,
  );
}

/** wrangler's error about a file it cannot parse knows the line. */
function parseError(reason: unknown): readonly BuildMessage[] {
  if (!(reason instanceof Error) || !("location" in reason)) return [];
  return [
    { text: reason.message, location: reason.location as NonNullable<BuildMessage["location"]> },
  ];
}

/** Of a failed build command: what it printed, and wrangler's verdict; not the insides of wrangler. */
function commandFailure(output: string): string {
  const mark = "[custom build] ";
  const printed = output
    .split("\n")
    .filter((line) => line.startsWith(mark))
    .map((line) => line.slice(mark.length).trimEnd());
  const verdict = output.slice(output.lastIndexOf("[ERROR]")).replace("[ERROR]", "");
  return [...printed.filter((line) => line !== ""), verdict.trim()].join("\n");
}
