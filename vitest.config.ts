// Three kinds of test: unit (Node), runtime (inside workerd) and mesh (several Workers at once).
import { existsSync, mkdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename } from "node:path";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig, type TestProjectConfiguration } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const state = `${import.meta.dirname}/.heddle`;
const objects = `${import.meta.dirname}/durable-objects/wrangler.toml`;

/** Set here, not only in `test.env`: miniflare also runs in vitest's main process. */
const env: Record<string, string> = {
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_HIDE_BANNER: "true",
  X_LOCAL_OBSERVABILITY: "false",
  WRANGLER_REGISTRY_PATH: `${state}/registry`,
  XDG_CONFIG_HOME: `${state}/config`,
  TMPDIR: `${state}/tmp`,
  // Wrangler is large, and each file and each command of the CLI is a process of its own.
  NODE_COMPILE_CACHE: `${state}/compile-cache`,
};
for (const dir of ["registry", "config", "tmp"]) mkdirSync(`${state}/${dir}`, { recursive: true });
Object.assign(process.env, env);

/** `*.long.test.ts` is for `npm run test:long`. */
const exclude = process.env["HEDDLE_LONG"] ? [] : ["test/**/*.long.test.ts"];

const unit: TestProjectConfiguration = {
  test: {
    name: "unit",
    include: ["test/**/*.test.ts"],
    exclude: ["test/runtime/**", "test/mesh-e2e/**", ...exclude],
    env,
    // Most files are done in less time than a process of their own takes to start.
    isolate: false,
    // Without a number, one core is left idle.
    maxWorkers: availableParallelism(),
    // Properties take ten thousand inputs, in the long run a million, on a machine that may have other work.
    testTimeout: process.env["HEDDLE_LONG"] ? 1_800_000 : 30_000,
    sequence: { groupOrder: 0 },
  },
};

const runtime: TestProjectConfiguration = {
  plugins: [
    cloudflareTest({
      wrangler: { configPath: objects },
      // The secret of the objects' Worker; in tests 32 zero bytes.
      miniflare: { bindings: { HEDDLE_KEK: "A".repeat(43) } },
    }),
  ],
  test: {
    name: "runtime",
    include: ["test/runtime/**/*.test.ts"],
    exclude,
    sequence: { groupOrder: 1 },
  },
};

/** Three files at a time: each starts a mesh of its own, in a folder of its own, and waits more than it works. */
const mesh: TestProjectConfiguration = {
  // What users import, before it is built.
  resolve: { alias: { "heddle/testing": `${import.meta.dirname}/mesh/testing.ts` } },
  test: {
    name: "mesh",
    include: ["test/mesh-e2e/**/*.test.ts", "examples/**/*.test.ts"],
    exclude,
    env,
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    sequence: { groupOrder: 2 },
  },
};

/** Begun first, so that none of them is left alone at the end; a fresh clone knows of no durations. */
const LONG = ["conformance", "stability", "errors", "breaker", "transparency", "simulator"];

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification): boolean =>
      LONG.includes(basename(moduleId, ".test.ts"));
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongFirst },
    projects: existsSync(objects) ? [unit, runtime, mesh] : [unit, mesh],
    teardownTimeout: 30_000,
  },
});
