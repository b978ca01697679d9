// Owns how a Worker is described to the local runtime, in words that do not change with its version.
import type { ModuleType } from "./modules.ts";
import type { WorkerSettings } from "./worker-settings.ts";

/** Another Worker of the runtime. */
export interface WorkerTarget {
  readonly worker: string;
  /** Default: the default export. */
  readonly entrypoint?: string | undefined;
  readonly props?: Readonly<Record<string, unknown>> | undefined;
}

/** Answers in this process; each call costs about a millisecond. */
export type NodeHandler = (request: Request) => Response | Promise<Response>;

/** A binding that takes the place of what the wrangler file says under its name. */
export type RuntimeBinding =
  | ({ readonly type: "worker" } & WorkerTarget)
  | { readonly type: "node"; readonly handler: NodeHandler }
  | { readonly type: "kv"; readonly id: string }
  | { readonly type: "object"; readonly worker: string; readonly className: string }
  | { readonly type: "text"; readonly value: string }
  | { readonly type: "json"; readonly value: unknown };

/** A module as a file, or as text made by this process. */
export type RuntimeModule = { readonly name: string; readonly type: ModuleType } & (
  | { readonly path: string }
  | { readonly contents: string | Uint8Array<ArrayBuffer> }
);

export interface RuntimeWorker {
  /** Unique; what bindings refer to. May be `namespace/name`. */
  readonly name: string;
  readonly settings: WorkerSettings;
  /** The main module first. */
  readonly modules: readonly RuntimeModule[];
  /** By name; `null` takes a binding away. */
  readonly bindings?: Readonly<Record<string, RuntimeBinding | null>> | undefined;
  /** What a script name in the wrangler file is called here (services, objects, workflows, tails). */
  readonly rename?: ((script: string) => string) | undefined;
  /** Entrypoints that get a loopback URL, `default` for the default export. */
  readonly expose?: readonly string[] | undefined;
  /** Who receives its tail events, besides those the wrangler file names; streaming unless said otherwise. */
  readonly tails?: readonly (WorkerTarget & { readonly isBuffered?: boolean })[] | undefined;
  /** Where its global `fetch` goes. Default: the network. */
  readonly outbound?: WorkerTarget | NodeHandler | undefined;
}

/** Surroundings of a Worker without a wrangler file. */
export function plainSettings(
  compatibilityDate: string,
  compatibilityFlags: readonly string[] = [],
): WorkerSettings {
  return { compatibilityDate, compatibilityFlags, options: {} };
}
