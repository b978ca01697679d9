// Owns the child processes: one `heddle dev`, and the `heddle apply|delete|get` that speak to it.
// Nothing here knows the mesh from inside; the fixed points are those of the CLI.
import { type ChildProcess, spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";

const ROOT = path.join(import.meta.dirname, "../..");
/** What `npx heddle` runs. */
const BIN = path.join(ROOT, "cli/bin.js");
const START_TIMEOUT_MS = 240_000;
const COMMAND_TIMEOUT_MS = 60_000;

/** The object `heddle dev` writes when everything answers. */
export interface Ready {
  readonly gateway: string;
  readonly control: string;
  readonly dashboard: string | null;
  readonly token: string;
}

/** A running dev mesh. */
export interface DevMesh {
  readonly ready: Ready;
  /** Where the output of `heddle dev` goes. */
  readonly logFile: string;
  /** Applies documents with --wait; rejects with what the CLI complained of. */
  readonly apply: (documents: readonly unknown[]) => Promise<void>;
  /** Deletes them; with `wait`, returns when the table without them is in use. */
  readonly remove: (documents: readonly unknown[], wait: boolean) => Promise<void>;
  /** The parsed answer of `heddle get … -o json`. */
  readonly get: (...args: readonly string[]) => Promise<unknown>;
  /** The parsed answer of `heddle import istio … -o json`. */
  readonly importIstio: (documents: readonly unknown[]) => Promise<unknown>;
  readonly stop: () => Promise<void>;
}

/** Starts the mesh of a project with fresh state and waits until it answers. */
export async function startMesh(project: string): Promise<DevMesh> {
  const scratch = path.join(project, ".heddle");
  mkdirSync(scratch, { recursive: true });
  const readyFile = path.join(scratch, "ready.json");
  const logFile = path.join(scratch, "dev.log");
  rmSync(readyFile, { force: true });
  const log = openSync(logFile, "w");
  const args = ["--project", project, "--port", "0", "--control-port", "0"];
  const child = spawn(
    process.execPath,
    [BIN, "dev", ...args, "--ready-file", readyFile, "--fresh"],
    { cwd: project, stdio: ["ignore", log, log] },
  );
  closeSync(log);
  const stop = stopper(child);
  try {
    const ready = await waitForReady(child, readyFile, logFile);
    return toMesh(scratch, ready, logFile, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

function toMesh(
  scratch: string,
  ready: Ready,
  logFile: string,
  stop: () => Promise<void>,
): DevMesh {
  const env = { ...process.env, HEDDLE_CONTROL: ready.control, HEDDLE_TOKEN: ready.token };
  const run = (args: readonly string[]): Promise<string> => runCli(args, env, scratch);
  let files = 0;
  const write = (documents: readonly unknown[]): string => {
    const file = path.join(scratch, `documents-${files++}.yaml`);
    writeFileSync(file, documents.map((one) => JSON.stringify(one, null, 2)).join("\n---\n"));
    return file;
  };
  return {
    ready,
    logFile,
    apply: async (documents) => {
      await run(["apply", "-f", write(documents), "--wait", "-o", "json"]);
    },
    remove: async (documents, wait) => {
      await run(["delete", "-f", write(documents), ...(wait ? ["--wait"] : []), "-o", "json"]);
    },
    importIstio: async (documents) =>
      JSON.parse(await run(["import", "istio", "-f", write(documents), "-o", "json"])) as unknown,
    get: async (...args) => JSON.parse(await run(["get", ...args, "-o", "json"])) as unknown,
    stop,
  };
}

/** Runs one command; its stdout, or an error with its stderr. */
function runCli(args: readonly string[], env: NodeJS.ProcessEnv, cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [BIN, ...args], {
      cwd,
      env,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: COMMAND_TIMEOUT_MS,
    });
    let out = "";
    let err = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (out += chunk));
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (err += chunk));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) return resolve(out);
      const said = (err.trim() || out.trim()).slice(0, 2000);
      reject(new Error(`heddle ${args[0]} ended with ${code ?? "a signal"}: ${said}`));
    });
  });
}

async function waitForReady(child: ChildProcess, file: string, logFile: string): Promise<Ready> {
  const end = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < end) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(
        `heddle dev ended with ${child.exitCode ?? child.signalCode}: ${tail(logFile)}`,
      );
    const ready = existsSync(file) ? parseReady(readFileSync(file, "utf8")) : null;
    if (ready !== null) return ready;
    await sleep(50);
  }
  throw new Error(`heddle dev was not ready after ${START_TIMEOUT_MS} ms: ${tail(logFile)}`);
}

/** Null while the file is still being written. */
function parseReady(text: string): Ready | null {
  try {
    return JSON.parse(text) as Ready;
  } catch {
    return null;
  }
}

const tail = (file: string): string => readFileSync(file, "utf8").slice(-3000);

/** Ends the child once: SIGTERM, then SIGKILL when it does not go. Also when this process ends first. */
function stopper(child: ChildProcess): () => Promise<void> {
  const isGone = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const kill = (): void => void child.kill("SIGTERM");
  process.once("exit", kill);
  return async () => {
    process.removeListener("exit", kill);
    kill();
    for (let tries = 0; !isGone() && tries < 200; tries++) await sleep(50);
    if (!isGone()) child.kill("SIGKILL");
  };
}
