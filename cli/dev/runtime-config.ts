// Owns what we change in a Worker's config once miniflare has translated it. With runtime.ts, the only file
// that knows miniflare 5's shapes; it imports nothing of it.
import type { RuntimeBinding, RuntimeWorker, WorkerTarget } from "./runtime-worker.ts";

/** What the runtime reads `request.cf` from at an exposed entrypoint, as JSON, and takes off the request. */
export const CF_HEADER = "mf-cf-blob";

/**
 * A Worker's name as workerd may have it: it becomes part of a file name. No Worker or namespace has a dot.
 * Objects are stored under this name.
 */
export function scriptName(name: string): string {
  return name.replaceAll("/", ".");
}

/** The name behind a script name. */
export function workerName(script: string): string {
  return script.replaceAll(".", "/");
}

/** A worker's config in miniflare 5, as far as we touch it. */
export interface RuntimeConfig {
  env?: Record<string, ConfigBinding> | undefined;
  tailConsumers?: ConfigTail[] | undefined;
}

export interface ConfigBinding {
  readonly type: string;
  /** Of `worker`, `durable-object` and `workflow`. */
  readonly worker?: string;
  readonly [field: string]: unknown;
}

interface ConfigTail {
  readonly worker: string;
  readonly entrypoint?: string | undefined;
  readonly props?: Readonly<Record<string, unknown>> | undefined;
  readonly streaming: boolean;
}

/**
 * Applies a Worker's own bindings, names and tails; what leads to no Worker here leads to `absent`.
 * `known` has script names.
 */
export function adaptConfig(
  config: RuntimeConfig,
  worker: RuntimeWorker,
  known: ReadonlySet<string>,
  absent: WorkerTarget,
): void {
  const rename = worker.rename ?? ((script: string) => script);
  const env: Record<string, ConfigBinding> = {};
  for (const [name, binding] of Object.entries(config.env ?? {})) {
    env[name] = renamed(binding, scriptName(worker.name), rename);
  }
  for (const [name, binding] of Object.entries(worker.bindings ?? {})) {
    if (binding === null) delete env[name];
    else env[name] = configBinding(binding);
  }
  config.env = Object.fromEntries(
    Object.entries(env).map(([name, binding]) => [name, present(binding, known, absent)]),
  );
  config.tailConsumers = [
    ...(config.tailConsumers ?? [])
      .map((tail) => ({ ...tail, worker: scriptName(rename(tail.worker)) }))
      .filter((tail) => known.has(tail.worker)),
    ...(worker.tails ?? []).map(configTail),
  ];
}

function present(
  binding: ConfigBinding,
  known: ReadonlySet<string>,
  absent: WorkerTarget,
): ConfigBinding {
  const { type, worker } = binding;
  if (type !== "worker" || worker === undefined || known.has(worker)) return binding;
  return configBinding({ type: "worker", ...absent, props: { worker: workerName(worker) } });
}

function configTail(tail: NonNullable<RuntimeWorker["tails"]>[number]): ConfigTail {
  const { worker, entrypoint, props, isBuffered = false } = tail;
  return { worker: scriptName(worker), entrypoint, props, streaming: !isBuffered };
}

/** A reference to the Worker itself already has its name here; any other has the script's. */
function renamed(
  binding: ConfigBinding,
  self: string,
  rename: (script: string) => string,
): ConfigBinding {
  if (binding.worker === undefined || binding.worker === self) return binding;
  return { ...binding, worker: scriptName(rename(binding.worker)) };
}

function configBinding(binding: RuntimeBinding): ConfigBinding {
  switch (binding.type) {
    case "worker":
      return {
        type: "worker",
        worker: scriptName(binding.worker),
        exportName: binding.entrypoint,
        props: binding.props,
      };
    case "node":
      return { type: "fetcher", handler: binding.handler };
    case "object":
      return {
        type: "durable-object",
        worker: scriptName(binding.worker),
        exportName: binding.className,
      };
    case "kv":
    case "text":
    case "json":
      return { ...binding };
  }
}

/** Where global `fetch` goes, as miniflare 5 has it. */
export function outboundService(outbound: NonNullable<RuntimeWorker["outbound"]>): ConfigBinding {
  return typeof outbound === "function"
    ? { type: "fetcher", handler: outbound }
    : configBinding({ type: "worker", ...outbound });
}

/** Ids of the KV namespaces a Worker is bound to. */
export function kvIds(config: RuntimeConfig): readonly string[] {
  return Object.values(config.env ?? {})
    .filter((binding) => binding.type === "kv")
    .map((binding) => String(binding["id"]));
}
