// Owns running wrangler as a child process: the environment it gets, and its command for a dry run.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";
import { stripVTControlCharacters } from "node:util";

/** What wrangler said and how it ended. */
export interface CommandResult {
  readonly code: number;
  readonly output: string;
}

/** The version of the wrangler that builds, which is Heddle's own. */
export function wranglerVersion(): string {
  const { version } = createRequire(import.meta.url)("wrangler/package.json") as {
    version: string;
  };
  return version;
}

/**
 * The environment of a wrangler that builds: silent but for warnings and errors, nothing sent anywhere,
 * and nothing written but below `cacheDir` and the `.wrangler/tmp` that wrangler makes in the Worker's folder.
 */
export function wranglerEnv(cacheDir: string): NodeJS.ProcessEnv {
  // Where we run inside a wrangler command of the user's, its report is not ours to write.
  const {
    CLOUDFLARE_ENV: _,
    WRANGLER_OUTPUT_FILE_PATH: _file,
    WRANGLER_OUTPUT_FILE_DIRECTORY: _folder,
    ...env
  } = process.env;
  return {
    ...env,
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_SEND_ERROR_REPORTS: "false",
    WRANGLER_WRITE_LOGS: "false",
    WRANGLER_HIDE_BANNER: "true",
    WRANGLER_NO_SKILLS_UPDATE_PROMPTS: "true",
    WRANGLER_LOG: "warn",
    XDG_CONFIG_HOME: path.join(cacheDir, "config"),
    NODE_COMPILE_CACHE: path.join(cacheDir, "node"),
    NO_COLOR: "1",
    FORCE_COLOR: "0",
  };
}

/** Runs `wrangler deploy --dry-run`: no account, no network; the code is wrangler's own. */
export async function runDryRun(build: {
  readonly configPath: string;
  readonly env: string;
  readonly outDir: string;
  readonly metafile: string;
  /** `name:path` each; default none. */
  readonly alias?: readonly string[];
  readonly cacheDir: string;
  /** Whether to hear all it says, as is wanted where a build command of the user's runs. */
  readonly isVerbose: boolean;
}): Promise<CommandResult> {
  const bin = path.join(
    path.dirname(createRequire(import.meta.url).resolve("wrangler/package.json")),
    "bin/wrangler.js",
  );
  // `--config` keeps wrangler from following .wrangler/deploy/config.json, which weaving writes.
  const args = [
    bin,
    "deploy",
    "--dry-run",
    "--config",
    build.configPath,
    `--env=${build.env}`,
    "--outdir",
    build.outDir,
    "--metafile",
    build.metafile,
    ...(build.alias ?? []).flatMap((alias) => ["--alias", alias]),
  ];
  const env = wranglerEnv(build.cacheDir);
  const child = spawn(process.execPath, args, {
    cwd: path.dirname(build.configPath),
    env: build.isVerbose ? { ...env, WRANGLER_LOG: "log" } : env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const hear = (data: Buffer): void => void (output += data.toString());
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  return await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) =>
      resolve({ code: code ?? 1, output: stripVTControlCharacters(output).trim() }),
    );
  });
}
