// Owns the mesh's own bundle: the data plane as two minified ES modules, built once per content of its sources. The second
// is its late part, which the first loads when a table or a call first needs it.
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
import { build, version, type BuildOptions, type Plugin } from "esbuild";
import { OWN_NAMES, withoutFilterDocs } from "./bundle-diet.ts";
import { packageRoot } from "./weave/again.ts";
import { WOVEN_FILES } from "./weave/weavable.ts";

/** What only some Workers need of the data plane. */
export interface Parts {
  /** It has routes or custom domains of its own. */
  readonly routes: boolean;
  /** It has static assets. */
  readonly assets: boolean;
  /** It has Durable Objects, or bindings to some. */
  readonly objects: boolean;
  /** Its code names `cloudflare:workers`, without which nothing is an entrypoint class. */
  readonly classes: boolean;
  /** It runs in `heddle dev`. */
  readonly dev: boolean;
  /** Its code mentions `exports`, so that it may call itself. */
  readonly exports: boolean;
  /** It imports `exports` from the platform, or all there is. */
  readonly importedExports: boolean;
  /** It consumes queues, or sends to some that carry the context. */
  readonly queues: boolean;
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
  /** Absolute path of the first module. */
  readonly file: string;
  /** The first module: `heddle.js`. */
  readonly text: string;
  /** The late part, of the same build: `heddle-late.js`. */
  readonly late: string;
  /** What proves calls that leave the mesh: `heddle-proved.js`. */
  readonly proved: string;
}

/** Built as one: what one module calls by an abbreviated name, the other has by the same. */
const ENTRIES = {
  heddle: "mesh/weave/index.ts",
  late: "mesh/weave/late.ts",
  proved: "mesh/platform/proved.ts",
} as const;

/** Keeps dynamic imports of the other modules imports of the modules beside. */
export const lateBeside: Plugin = {
  name: "late-beside",
  setup({ onResolve }) {
    onResolve({ filter: /\/(?:late|proved)\.ts$/ }, ({ kind, path: at }) => {
      const file = at.endsWith("late.ts") ? WOVEN_FILES.late : WOVEN_FILES.proved;
      return kind === "dynamic-import" ? { path: `./${file}`, external: true } : undefined;
    });
  },
};

/** Importing the platform does nothing by itself: nothing remains of an import that is not used. */
const platformOutside: Plugin = {
  name: "platform-outside",
  setup({ onResolve }) {
    onResolve({ filter: /^(?:cloudflare|node):/ }, ({ path: at }) => ({
      path: at,
      external: true,
      sideEffects: false,
    }));
  },
};

/** Most of the first module in a Worker without parts of its own. */
export const GOAL_BYTES = 60 * 1024;
/** Most of the late part. */
export const LATE_BYTES = 64 * 1024;
/** Most of what proves calls that leave the mesh. */
export const PROVED_BYTES = 25 * 1024;

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
  const recipe = JSON.stringify([SETTINGS, OWN_NAMES, ENTRIES, define]);
  const id = digest([version, recipe, ...sources(root)]);
  const fileOf = (name: string): string => path.join(cacheDir, `${name}-${id}.js`);
  const [file, lateFile, provedFile] = [fileOf("weave"), fileOf("late"), fileOf("proved")];
  if (existsSync(file)) {
    const [text = "", late = "", proved = ""] = [file, lateFile, provedFile].map((at) =>
      readFileSync(at, "utf8"),
    );
    return { file, text, late, proved };
  }
  const { outputFiles } = await build({
    ...SETTINGS,
    define,
    mangleProps: new RegExp(`^(?:${OWN_NAMES.join("|")})$`),
    // With one, even an empty one, all entries of a build abbreviate a name in the same way.
    mangleCache: {},
    plugins: [withoutFilterDocs, lateBeside, platformOutside],
    entryPoints: ENTRIES,
    outdir: "out",
    absWorkingDir: root,
  });
  const textOf = (name: keyof typeof ENTRIES): string =>
    outputFiles.find(({ path: at }) => path.basename(at) === `${name}.js`)?.text ?? "";
  const [text, late, proved] = [textOf("heddle"), textOf("late"), textOf("proved")];
  mkdirSync(cacheDir, { recursive: true });
  // Whoever finds the first module finds the others too.
  write(lateFile, late);
  write(provedFile, proved);
  write(file, text);
  return { file, text, late, proved };
}

/** In one step: another process may be reading. */
function write(file: string, text: string): void {
  const next = `${file}.${randomUUID()}`;
  writeFileSync(next, text);
  renameSync(next, file);
}

/** What esbuild would not shorten. */
const SHORTER = {
  "Number.POSITIVE_INFINITY": "Infinity",
  "Number.NaN": "NaN",
  "Number.parseInt": "parseInt",
  HEDDLE_EPOCH_MS: "undefined",
};

/** The constants that mesh/weave/index.ts declares. */
function partConstants(parts: Partial<Parts> = {}): Readonly<Record<string, string>> {
  const none = { routes: false, assets: false, objects: false, classes: false, dev: false };
  const all: Parts = { ...none, exports: false, importedExports: false, queues: false, ...parts };
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
