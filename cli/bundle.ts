// Owns the mesh's own bundle: the data plane as one minified ES module, built once per content of its sources.
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import process from "node:process";
import { build, version, type BuildOptions } from "esbuild";
import { packageRoot } from "./weave/again.ts";

/** What the data plane's bundle is built of and where it is kept. */
export interface BundleOptions {
  /** Folder of the bundles; one file per content. Default: `.heddle/bundles` of heddle itself. */
  readonly cacheDir?: string;
  /** The entry, relative to heddle's own folder. Default: `mesh/weave/index.ts`. */
  readonly entry?: string;
  /** Constants to put in, as esbuild's `define`. */
  readonly define?: Readonly<Record<string, string>>;
}

/** A bundle that is on disk. */
export interface Bundle {
  /** Absolute. */
  readonly file: string;
  readonly text: string;
}

const SETTINGS = {
  bundle: true,
  format: "esm",
  platform: "neutral",
  mainFields: ["module", "main"],
  conditions: ["workerd", "worker", "browser"],
  external: ["cloudflare:*", "node:*"],
  target: "es2024",
  minify: true,
  // Stub methods and classes are looked up by name in errors.
  keepNames: false,
  legalComments: "none",
  logLevel: "silent",
  write: false,
} as const satisfies BuildOptions;

/** The data plane (`heddle.js`), from the cache when its sources are as they were. */
export async function bundleDataPlane(options: BundleOptions = {}): Promise<Bundle> {
  const root = packageRoot();
  const { entry = "mesh/weave/index.ts", define = {} } = options;
  const cacheDir = options.cacheDir ?? path.join(root, ".heddle/bundles");
  const key = digest([version, entry, JSON.stringify([SETTINGS, define]), ...sources(root)]);
  const file = path.join(cacheDir, `${path.basename(path.dirname(entry))}-${key}.js`);
  if (existsSync(file)) return { file, text: readFileSync(file, "utf8") };
  const { outputFiles } = await build({
    ...SETTINGS,
    define: { ...define },
    entryPoints: [path.join(root, entry)],
    absWorkingDir: root,
  });
  const text = outputFiles[0]?.text ?? "";
  mkdirSync(cacheDir, { recursive: true });
  const next = `${file}.${process.pid}`;
  writeFileSync(next, text);
  renameSync(next, file);
  return { file, text };
}

/** Everything a bundle can be made of: the names and texts of the data plane, and the versions of what it imports. */
function sources(root: string): readonly string[] {
  const below = path.join(root, "mesh");
  const names = readdirSync(below, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") || name.endsWith(".js"))
    .sort();
  const texts = names.flatMap((name) => [name, readFileSync(path.join(below, name), "utf8")]);
  return [readFileSync(path.join(root, "package.json"), "utf8"), ...texts];
}

function digest(parts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${part.length} ${part}`);
  return hash.digest("hex").slice(0, 16);
}
