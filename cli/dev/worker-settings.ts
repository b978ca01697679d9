// Owns what a wrangler file says about a Worker's surroundings, in the form the local runtime takes.
// wrangler translates (vars, .dev.vars, KV, D1, R2, queues, objects, assets, ...); nothing is interpreted here.
import process from "node:process";
import { readWranglerConfig, type WranglerConfig } from "../project/wrangler-config.ts";

/** A Worker's surroundings. `options` is opaque: only runtime.ts looks into it. */
export interface WorkerSettings {
  readonly compatibilityDate: string;
  readonly compatibilityFlags: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
}

export interface SettingsOptions {
  /** Environment of the wrangler file. Default: its top level. */
  readonly env?: string | undefined;
  /**
   * The user's own wrangler file, if `configPath` is one that Heddle generated:
   * `.dev.vars` and `.env` are looked for beside it. Assets are named by `configPath`.
   */
  readonly userConfigPath?: string | undefined;
}

/** Reads a wrangler file; wrangler's own message when it is wrong. */
export async function readWorkerSettings(
  configPath: string,
  { env, userConfigPath }: SettingsOptions = {},
): Promise<WorkerSettings> {
  const config = await readWranglerConfig(configPath, env);
  const placed = userConfigPath === undefined ? config : { ...config, userConfigPath };
  const wrangler = (await import("wrangler")) as unknown as Translator;
  const { workerOptions } = silently(() =>
    wrangler.unstable_getMiniflareWorkerOptions(placed, env ?? ""),
  );
  return {
    compatibilityDate: config.compatibility_date ?? "2000-01-01",
    compatibilityFlags: config.compatibility_flags,
    options: workerOptions,
  };
}

/** What we use of wrangler; its own declarations name a package it does not ship. */
interface Translator {
  unstable_getMiniflareWorkerOptions(
    config: WranglerConfig,
    env: string,
  ): { workerOptions: Record<string, unknown> };
}

/**
 * wrangler says on stdout whose secrets it uses, and writes what it says to a log in the home folder.
 * It reads both switches from the environment at each call.
 */
function silently<T>(call: () => T): T {
  const { WRANGLER_LOG, WRANGLER_WRITE_LOGS } = process.env;
  Object.assign(process.env, { WRANGLER_LOG: "none", WRANGLER_WRITE_LOGS: "false" });
  try {
    return call();
  } finally {
    restore("WRANGLER_LOG", WRANGLER_LOG);
    restore("WRANGLER_WRITE_LOGS", WRANGLER_WRITE_LOGS);
  }
}

function restore(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}
