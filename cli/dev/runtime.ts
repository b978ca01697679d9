// Owns the local runtime: the only file that imports miniflare, so that a new version is met here alone.
// All Workers of a mesh run in one workerd process; a reload replaces it and keeps ports and stored data.
import { readFile } from "node:fs/promises";
import { Miniflare, MiniflareCoreError, Log, LogLevel, convertV4MiniflareOptions } from "miniflare";
import type { MiniflareOptions, V4WorkerOptions } from "miniflare";
import { CliError, EXIT, type Complaint } from "../exit.ts";
import { adaptConfig, kvIds, outboundService, scriptName } from "./runtime-config.ts";
import type { ConfigBinding, RuntimeConfig } from "./runtime-config.ts";
import type { RuntimeWorker } from "./runtime-worker.ts";

export interface RuntimeLog {
  readonly level: string;
  readonly message: string;
}

export interface RuntimeOptions {
  readonly workers: readonly RuntimeWorker[];
  /** Where KV, D1, R2, objects and caches keep their data. */
  readonly stateDir: string;
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
  /** Asks an exposed entrypoint; the URL's host arrives as `Host`. Redirects are not followed. */
  readonly fetch: (
    worker: string,
    url: string,
    init?: RequestInit,
    entrypoint?: string,
  ) => Promise<Response>;
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
  let current = await miniflareOptions(options, options.workers, onLog);
  const runtime = new Miniflare(current);
  let urls = await started(runtime, options.workers).catch(async (error: unknown) => {
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
    fetch: async (worker, target, init = {}, entrypoint) => {
      const { host, pathname, search } = new URL(target);
      const headers = new Headers(init.headers);
      headers.set("Host", host);
      const at = new URL(pathname + search, url(worker, entrypoint));
      return await fetch(at, { redirect: "manual", ...init, headers });
    },
    scheduled: async (worker, cron) => {
      await (await runtime.getWorker(scriptName(worker))).scheduled({ cron });
    },
    kv: async (id) => await runtime.getKVNamespace(id, backstage),
    evict: async (worker, className, object) =>
      await runtime.unsafeEvictDurableObject(scriptName(worker), className, object),
    reload: async (workers) => {
      isUp = false;
      try {
        const next = await miniflareOptions(options, workers, onLog);
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
  onLog: (log: RuntimeLog) => void,
): Promise<MiniflareOptions> {
  const translated = await Promise.all(workers.map((worker) => translate(worker, stateDir)));
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
async function translate(worker: RuntimeWorker, root: string): Promise<V4WorkerOptions> {
  const { settings, expose = [] } = worker;
  const modules = worker.modules.map(async (module) => ({
    type: module.type,
    path: module.name,
    contents: "path" in module ? new Uint8Array(await readFile(module.path)) : module.contents,
  }));
  return {
    ...settings.options,
    name: scriptName(worker.name),
    rootPath: root,
    modulesRoot: root,
    compatibilityDate: settings.compatibilityDate,
    compatibilityFlags: [...settings.compatibilityFlags],
    modules: await Promise.all(modules),
    unsafeDirectSockets: expose.map((entrypoint) => ({
      host: "127.0.0.1",
      port: 0,
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
  const worker = /core:user:([^":]+)/.exec(message)?.[1];
  const text = message.replace(/^service core:user:[^:]+: /, "").replaceAll("core:user:", "");
  return { message: text.trim(), where: worker && `Worker ${worker.replaceAll(".", "/")}` };
}
