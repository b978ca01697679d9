// Owns bundling what is ours and runs in workerd: control, the objects, gateway and relay, and dev's own modules.
import path from "node:path";
import { build } from "esbuild";
import { packageRoot } from "../weave/again.ts";

/** Entries by name, relative to heddle's own folder. */
const ENTRIES = {
  control: "control/index.ts",
  objects: "durable-objects/index.ts",
  gateway: "gateway/index.ts",
  relay: "workers/sidecar/index.ts",
  dev: "cli/dev/worker/index.ts",
  faulty: "cli/dev/worker/faulty.ts",
  watch: "cli/dev/worker/watch.ts",
} as const;

export type OwnName = keyof typeof ENTRIES;

/** One bundle. */
export interface OwnBundle {
  readonly text: string;
  /** Names it exports. */
  readonly exports: readonly string[];
}

/** Bundles all of them, as wrangler would, with these constants (esbuild's `define`); a few hundred milliseconds. */
export async function bundleOwn(
  define: Readonly<Record<string, string>> = {},
): Promise<Readonly<Record<OwnName, OwnBundle>>> {
  const root = packageRoot();
  const { outputFiles, metafile } = await build({
    entryPoints: ENTRIES,
    define,
    absWorkingDir: root,
    outdir: OUT,
    bundle: true,
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
    target: "es2024",
    legalComments: "none",
    logLevel: "silent",
    metafile: true,
    write: false,
  });
  const bundle = (name: string): OwnBundle => ({
    text: outputFiles.find(({ path: at }) => path.basename(at) === `${name}.js`)?.text ?? "",
    exports: metafile.outputs[`${OUT}/${name}.js`]?.exports ?? [],
  });
  return Object.fromEntries(
    Object.keys(ENTRIES).map((name) => [name, bundle(name)]),
  ) as unknown as Record<OwnName, OwnBundle>;
}

/** Nothing is written; esbuild wants a folder to name the outputs after. */
const OUT = "out";
