// What the layering is for, seen from the other end: which packages each Worker's bundle really contains.
import { existsSync } from "node:fs";
import path from "node:path";
import { build } from "esbuild";
import { expect, it } from "vitest";

const root = path.dirname(import.meta.dirname);

/** The packages that each bundle may contain: never zod, and jose only where keys are issued or tokens from outside read. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  "mesh/index.ts": ["@opentelemetry/api", "toucan-js"],
  "mesh/weave/index.ts": ["@opentelemetry/api", "toucan-js"],
  "workers/sidecar/index.ts": ["@opentelemetry/api", "toucan-js"],
  "gateway/index.ts": ["@opentelemetry/api", "toucan-js", "hono", "jose"],
  "durable-objects/index.ts": ["jose"],
};

async function packagesOf(entry: string): Promise<readonly string[]> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
    metafile: true,
    write: false,
    logLevel: "silent",
  });
  const inputs = Object.values(metafile.outputs).flatMap(({ inputs: used }) => Object.keys(used));
  const names = inputs.map((file) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1]);
  return [...new Set(names.filter((name) => name !== undefined))].toSorted();
}

const entries = Object.keys(allowed).filter((entry) => existsSync(path.join(root, entry)));

it.each(entries)("%s bundles only what it may", async (entry) => {
  const found = await packagesOf(entry);
  expect(found.filter((name) => !allowed[entry]?.includes(name))).toEqual([]);
});
