// Owns reading a Worker's wrangler file as wrangler itself does, environment applied, and the part of it we look at.
import { existsSync, statSync } from "node:fs";
import path from "node:path";

/** A service binding of a wrangler file. */
export interface ServiceBindingConfig {
  readonly binding: string;
  readonly service: string;
  readonly entrypoint?: string;
  readonly props?: Readonly<Record<string, unknown>>;
  readonly remote?: boolean;
}

/** A Durable Object binding of a wrangler file. */
export interface ObjectBindingConfig {
  readonly name: string;
  readonly class_name: string;
  readonly script_name?: string;
}

/** Queues of a wrangler file. */
export interface QueuesConfig {
  readonly producers?: readonly { readonly binding: string; readonly queue?: string }[];
  readonly consumers?: readonly {
    readonly queue: string;
    readonly dead_letter_queue?: string;
  }[];
}

/** Static assets of a wrangler file. */
export interface AssetsConfig {
  readonly directory?: string;
  readonly binding?: string;
  readonly not_found_handling?: string;
  readonly run_worker_first?: boolean | readonly string[];
}

/** A wrangler file as wrangler normalises it for one environment; what is not named here is kept as it is. */
export interface WranglerConfig {
  readonly configPath?: string;
  readonly userConfigPath?: string;
  readonly topLevelName?: string;
  readonly definedEnvironments?: readonly string[];
  readonly targetEnvironment?: string;
  readonly name?: string;
  /** Absolute. */
  readonly main?: string;
  readonly compatibility_date?: string;
  readonly compatibility_flags: readonly string[];
  readonly workers_dev?: boolean;
  readonly preview_urls?: boolean;
  readonly route?: unknown;
  readonly routes?: readonly unknown[];
  readonly assets?: AssetsConfig;
  readonly site?: { readonly bucket?: string };
  readonly cache?: { readonly enabled: boolean };
  readonly exports?: Readonly<Record<string, ExportConfig>>;
  readonly build: {
    readonly command?: string;
    readonly cwd?: string;
    /** Relative to the folder of the process. */
    readonly watch_dir?: string | readonly string[];
  };
  readonly services?: readonly ServiceBindingConfig[];
  readonly durable_objects: { readonly bindings: readonly ObjectBindingConfig[] };
  readonly queues?: QueuesConfig;
  readonly workflows?: readonly { readonly class_name: string; readonly script_name?: string }[];
  readonly migrations?: readonly MigrationConfig[];
  readonly kv_namespaces?: readonly { readonly binding: string; readonly id?: string }[];
  readonly vars?: Readonly<Record<string, unknown>>;
  readonly [setting: string]: unknown;
}

/** One entry of the declarative `exports` of a wrangler file. */
export interface ExportConfig {
  readonly type: string;
  readonly cache?: { readonly enabled: boolean };
  readonly [setting: string]: unknown;
}

interface MigrationConfig {
  readonly new_classes?: readonly string[];
  readonly new_sqlite_classes?: readonly string[];
  readonly renamed_classes?: readonly { readonly to: string }[];
  readonly transferred_classes?: readonly { readonly to: string }[];
}

/** The names wrangler looks for, in its order. */
const FILE_NAMES = ["wrangler.json", "wrangler.jsonc", "wrangler.toml"] as const;

/** The wrangler file a path leads to: itself, or the one in that folder; undefined when there is none. */
export function findWranglerFile(at: string): string | undefined {
  if (!existsSync(at)) return undefined;
  if (!statSync(at).isDirectory()) return at;
  return FILE_NAMES.map((name) => path.join(at, name)).find((file) => existsSync(file));
}

/** Reads a wrangler file for one environment, or the top level; wrangler's own message when it is wrong. */
export async function readWranglerConfig(
  configPath: string,
  env: string | undefined,
): Promise<WranglerConfig> {
  const wrangler = await loadWrangler();
  return wrangler.unstable_readConfig(
    { config: configPath, env: env ?? "" },
    { hideWarnings: true },
  );
}

/** What wrangler assumes where a wrangler file says nothing. */
export async function defaultWranglerConfig(): Promise<Readonly<Record<string, unknown>>> {
  return (await loadWrangler()).unstable_defaultWranglerConfig;
}

/** The two exports of wrangler we use, typed here: its own declarations name a package it does not ship. */
interface Wrangler {
  unstable_readConfig(
    args: { readonly config: string; readonly env: string },
    options: { readonly hideWarnings: boolean },
  ): WranglerConfig;
  readonly unstable_defaultWranglerConfig: Readonly<Record<string, unknown>>;
}

/** Imported when first needed: it takes most of a second. */
async function loadWrangler(): Promise<Wrangler> {
  const wrangler: unknown = await import("wrangler");
  return wrangler as Wrangler;
}
