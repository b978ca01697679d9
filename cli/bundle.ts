// Owns the mesh's own bundle: the data plane as one minified ES module, built once per content of its sources.
import { createHash, randomUUID } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { build, version, type BuildOptions } from "esbuild";
import { OWN_NAMES, withoutFilterDocs } from "./bundle-diet.ts";
import { packageRoot } from "./weave/again.ts";

/** What only some Workers need of the data plane. */
export interface Parts {
  /** It has routes or custom domains of its own. */
  readonly routes: boolean;
  /** It has static assets. */
  readonly assets: boolean;
  /** It has Durable Objects, or bindings to some. */
  readonly objects: boolean;
  /** It runs in `heddle dev`. */
  readonly dev: boolean;
  /** Its code mentions `exports`, so that it may call itself. */
  readonly exports: boolean;
  /** It imports `exports` from the platform, or all there is. */
  readonly importedExports: boolean;
}

/** What the data plane's bundle is built of and where it is kept. */
export interface BundleOptions {
  /** Folder of the bundles; one file per content. Default: `.heddle/bundles` of heddle itself. */
  readonly cacheDir?: string;
  /** Default: none of them. */
  readonly parts?: Partial<Parts>;
  /** Constants to put in, as esbuild's `define`. */
  readonly define?: Readonly<Record<string, string>>;
}

/** A bundle that is on disk. */
export interface Bundle {
  /** Absolute. */
  readonly file: string;
  readonly text: string;
}

const ENTRY = "mesh/weave/index.ts";

/** Where the bundle of a Worker without parts of its own should be. Not reached: see `HELD_BYTES`. */
export const GOAL_BYTES = 60 * 1024;
/** Where it is held until it is there: a test lets it shrink, and grow no more. */
export const HELD_BYTES = 67 * 1024;

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
  const cacheDir = options.cacheDir ?? path.join(root, ".heddle/bundles");
  const define = { ...partConstants(options.parts), ...SHORTER, ...options.define };
  const recipe = JSON.stringify([SETTINGS, OWN_NAMES, ENTRY, define]);
  const file = path.join(cacheDir, `weave-${digest([version, recipe, ...sources(root)])}.js`);
  if (existsSync(file)) return { file, text: readFileSync(file, "utf8") };
  const { outputFiles } = await build({
    ...SETTINGS,
    define,
    mangleProps: new RegExp(`^(?:${OWN_NAMES.join("|")})$`),
    plugins: [withoutFilterDocs],
    entryPoints: [path.join(root, ENTRY)],
    absWorkingDir: root,
  });
  const text = outputFiles[0]?.text ?? "";
  mkdirSync(cacheDir, { recursive: true });
  const next = `${file}.${randomUUID()}`;
  writeFileSync(next, text);
  renameSync(next, file);
  return { file, text };
}

/** What esbuild would not shorten. */
const SHORTER = { "Number.POSITIVE_INFINITY": "Infinity" };

/** The constants that mesh/weave/index.ts declares. */
function partConstants(parts: Partial<Parts> = {}): Readonly<Record<string, string>> {
  const none = { routes: false, assets: false, objects: false, dev: false };
  const all: Parts = { ...none, exports: false, importedExports: false, ...parts };
  return Object.fromEntries(
    Object.entries(all).map(([name, isIn]) => [`HEDDLE_PARTS.${name}`, String(isIn)]),
  );
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
