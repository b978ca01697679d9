// Owns the local runtime: the only file that imports miniflare, so that a new version is met here alone.
// All Workers of a mesh run in one workerd process; a reload replaces it and keeps ports and stored data.
import { readFile } from "node:fs/promises";
import process from "node:process";
import path from "node:path";
import { Miniflare, MiniflareCoreError, Log, LogLevel, convertV4MiniflareOptions } from "miniflare";
import type { MiniflareOptions, V4WorkerOptions } from "miniflare";
import { CliError, EXIT, type Complaint } from "../exit.ts";
import { loopbackFetch, type LoopbackRequest } from "./loopback-fetch.ts";
import { adaptConfig, kvIds, outboundService, scriptName, workerName } from "./runtime-config.ts";
import type { ConfigBinding, RuntimeConfig } from "./runtime-config.ts";
import type { RuntimeWorker } from "./runtime-worker.ts";
import { tetherRuntime } from "./tether.ts";

export interface RuntimeLog {
  readonly level: string;
  readonly message: string;
}

export interface RuntimeOptions {
  readonly workers: readonly RuntimeWorker[];
  /** Where KV, D1, R2, objects and caches keep their data. */
  readonly stateDir: string;
  /** Where mail that Workers send is kept; the runtime's own temporary folder is the system's. */
  readonly tmpDir: string;
  /** What Workers and the runtime print; it does not say which Worker, tail events do. Default: nothing. */
  readonly onLog?: ((log: RuntimeLog) => void) | undefined;
}

/** The part of a KV namespace that this process needs. */
export interface RuntimeKv {
  get(key: string): Promise<string | null>;
  put(key: string, value: string | ArrayBuffer): Promise<void>;
  delete(key: string): Promise<void>;
}

export interface Runtime {
  /** Loopback URL of an exposed entrypoint; it takes raw paths and headers and stays over a reload. */
  readonly url: (worker: string, entrypoint?: string) => URL;
  /** Asks the exposed default export; the host of `target` arrives as `Host`. */
  readonly fetch: (worker: string, target: string, request?: LoopbackRequest) => Promise<Response>;
  /** Fires the cron trigger of a Worker. */
  readonly scheduled: (worker: string, cron: string) => Promise<void>;
  readonly kv: (id: string) => Promise<RuntimeKv>;
  /** Drops an object from memory as the platform does; its storage stays. */
  readonly evict: (
    worker: string,
    className: string,
    object: { name: string } | { id: string },
  ) => Promise<void>;
  /**
   * Replaces the Workers: all isolates and objects start anew, calls in flight are lost.
   * If the new ones do not start, the old ones run again and the call rejects.
   */
  readonly reload: (workers: readonly RuntimeWorker[]) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Starts the Workers; rejects with a CliError that names each Worker that cannot start. */
export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  let isUp = false;
  const onLog = (log: RuntimeLog): void => {
    // What hinders a start comes as the error of that start.
    if (isUp) options.onLog?.({ level: log.level, message: log.message });
  };
  let urls = new Map<string, URL>();
  tetherRuntime();
  let current = await miniflareOptions(options, options.workers, urls, onLog);
  const runtime = withoutSignals(() => new Miniflare(current));
  urls = await started(runtime, options.workers).catch(async (error: unknown) => {
    // It rejects with the same error again.
    await runtime.dispose().catch(() => undefined);
    throw startFailure(error);
  });
  isUp = true;

  const url = (worker: string, entrypoint = "default"): URL => {
    const found = urls.get(key(worker, entrypoint));
    if (!found) throw new Error(`entrypoint ${entrypoint} of Worker ${worker} is not exposed`);
    return new URL(found);
  };

  return {
    url,
    fetch: async (worker, target, request) => await loopbackFetch(url(worker), target, request),
    scheduled: async (worker, cron) => {
      await (await runtime.getWorker(scriptName(worker))).scheduled({ cron });
    },
    kv: async (id) => await runtime.getKVNamespace(id, backstage),
    evict: async (worker, className, object) =>
      await runtime.unsafeEvictDurableObject(scriptName(worker), className, object),
    reload: async (workers) => {
      const next = await miniflareOptions(options, workers, urls, onLog);
      isUp = false;
      try {
        await runtime.setOptions(next);
        urls = await started(runtime, workers);
        current = next;
      } catch (error) {
        await runtime.setOptions(current);
        throw startFailure(error);
      } finally {
        isUp = true;
      }
    },
    close: async () => {
      isUp = false;
      await runtime.dispose();
    },
  };
}

/** Miniflare ends the whole process on a signal; ours ends it once everything is down. */
function withoutSignals<T>(create: () => T): T {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const before = signals.map((signal) => process.listeners(signal));
  const created = create();
  for (const [index, signal] of signals.entries()) {
    for (const listener of process.listeners(signal)) {
      if (!before[index]?.includes(listener)) process.removeListener(signal, listener);
    }
  }
  return created;
}

const key = (worker: string, entrypoint: string): string => `${worker} ${entrypoint}`;

async function started(
  runtime: Miniflare,
  workers: readonly RuntimeWorker[],
): Promise<Map<string, URL>> {
  await runtime.ready;
  const urls = new Map<string, URL>();
  for (const { name, expose = [] } of workers) {
    for (const entrypoint of expose) {
      urls.set(
        key(name, entrypoint),
        await runtime.unsafeGetDirectURL(scriptName(name), entrypoint),
      );
    }
  }
  return urls;
}

// === options

/** A Worker of our own: holds every KV namespace for `kv`, and stands in for Workers that are not here. */
const backstage = "heddle-backstage";
const backstageSource = `
import { WorkerEntrypoint } from "cloudflare:workers";
export class Absent extends WorkerEntrypoint {
  constructor(ctx, env) {
    super(ctx, env);
    throw new Error('Worker "' + ctx.props.worker + '" is not running here');
  }
}
export default { fetch: () => new Response(null, { status: 404 }) };
`;

async function miniflareOptions(
  { stateDir, tmpDir }: RuntimeOptions,
  workers: readonly RuntimeWorker[],
  urls: ReadonlyMap<string, URL>,
  onLog: (log: RuntimeLog) => void,
): Promise<MiniflareOptions> {
  const translated = await Promise.all(workers.map((worker) => translate(worker, stateDir, urls)));
  const options = convertV4MiniflareOptions({
    host: "127.0.0.1",
    port: 0,
    // Nothing is fetched, sent or announced to other processes.
    cf: false,
    telemetry: { enabled: false },
    unsafeLocalExplorer: false,
    unsafeObservability: false,
    log: new Log(LogLevel.NONE),
    logRequests: false,
    handleStructuredLogs: onLog,
    resourcePersistencePath: stateDir,
    resourceTmpPath: tmpDir,
    workers: [stage, ...translated],
  });
  const known = new Set(workers.map((worker) => scriptName(worker.name)));
  const [ownConfig, ...configs] = options.workers.map((worker) => worker as Converted);
  for (const [index, worker] of workers.entries()) {
    const converted = configs[index];
    if (!converted || !ownConfig) throw new Error(`miniflare left out Worker ${worker.name}`);
    adaptConfig(converted.config, worker, known, { worker: backstage, entrypoint: "Absent" });
    if (worker.outbound) converted.dev.outboundService = outboundService(worker.outbound);
    for (const id of kvIds(converted.config)) {
      ownConfig.config.env = { ...ownConfig.config.env, [id]: { type: "kv", id } };
    }
  }
  return options;
}

/** What convertV4MiniflareOptions makes of a Worker, as far as we touch it. */
interface Converted {
  readonly config: RuntimeConfig;
  readonly dev: { outboundService?: ConfigBinding };
}

const stage: V4WorkerOptions = {
  name: backstage,
  compatibilityDate: "2026-09-01",
  modules: [{ type: "ESModule", path: "backstage.js", contents: backstageSource }],
};

/** One Worker in miniflare's terms, as the wrangler file has it. */
async function translate(
  worker: RuntimeWorker,
  root: string,
  urls: ReadonlyMap<string, URL>,
): Promise<V4WorkerOptions> {
  const { settings, expose = [] } = worker;
  // No folder, only what stack traces say: file:///namespace/name/index.js.
  const modulesRoot = path.resolve("/", worker.name);
  const modules = worker.modules.map(async (module) => ({
    type: module.type,
    path: path.join(modulesRoot, module.name),
    contents: "path" in module ? new Uint8Array(await readFile(module.path)) : module.contents,
  }));
  return {
    ...settings.options,
    name: scriptName(worker.name),
    rootPath: root,
    modulesRoot,
    compatibilityDate: settings.compatibilityDate,
    compatibilityFlags: [...settings.compatibilityFlags],
    modules: await Promise.all(modules),
    unsafeDirectSockets: expose.map((entrypoint) => ({
      host: "127.0.0.1",
      // A port once picked stays, wherever the Worker stands in the list.
      port: Number(urls.get(key(worker.name, entrypoint))?.port ?? 0),
      ...(entrypoint === "default" ? {} : { entrypoint }),
    })),
  };
}

// === failures

/** workerd's own words per Worker, without the names miniflare gives things. */
function startFailure(error: unknown): Error {
  if (!(error instanceof MiniflareCoreError) || error.code !== "ERR_RUNTIME_FAILURE") {
    return error instanceof Error ? error : new Error(String(error));
  }
  const complaints = error.message
    .split("\n")
    .map(readStderr)
    .filter((message) => message !== undefined && !message.includes("core:entry"))
    .map((message): Complaint => describe(message ?? ""));
  return complaints.length > 0 ? new CliError(EXIT.failed, complaints, error) : error;
}

function readStderr(line: string): string | undefined {
  if (!line.startsWith("{")) return undefined;
  const { message } = JSON.parse(line) as { message?: unknown };
  return typeof message === "string" ? message : undefined;
}

function describe(message: string): Complaint {
  const shown = message.replaceAll(/core:user:([^":]+)/g, (_, script: string) =>
    workerName(script),
  );
  const [, worker] = /^service ([^:]+): /.exec(shown) ?? /^Worker "([^"]+)"/.exec(shown) ?? [];
  const text = shown.replace(/^service [^:]+: /, "").trim();
  return { message: text, where: worker && `Worker ${worker}` };
}
