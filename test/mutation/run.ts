// `npm run test:mutation`: Stryker's mutants of mesh/algorithms, how many the unit tests kill, and which survive.
// Stryker works on a copy of its own, with packages of its own: the project's TypeScript has no compiler for it to load,
// and nobody who runs the tests has to install it.
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { isDone, summaryOf, type Report } from "./summary.ts";

const ROOT = path.join(import.meta.dirname, "../..");
const SANDBOX = path.join(ROOT, ".heddle/mutation");
const MUTATED = "mesh/algorithms";
const STRYKER = "10.1.1";
const USAGE = `npm run test:mutation -- [--only FOLDER-OR-FILE]... [-o json]

  --only PART   below mesh/algorithms, for example retry or breaker/machine.ts; may be repeated (default: all)
  -o json       one JSON object instead of text`;

/** Short files first, where vitest has long ones first: the first test that fails is the last that is run. */
const VITEST_CONFIG = `import { BaseSequencer } from "vitest/node";
class ShortFirst extends BaseSequencer {
  async sort(files) {
    const took = (file) => this.ctx.cache.getTestSpecificationResult(file)?.duration ?? 0;
    return [...files].sort((a, b) => took(a) - took(b));
  }
}
export default {
  test: { include: ["test/mesh/algorithms/**/*.test.ts"], sequence: { sequencer: ShortFirst } },
};
`;

process.exitCode = main(process.argv.slice(2));

function main(args: readonly string[]): number {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string", multiple: true },
      output: { type: "string", short: "o" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help === true) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  layOut();
  if (!install()) return 1;
  rmSync(path.join(SANDBOX, "reports"), { recursive: true, force: true });
  const parts = new Set(values.only ?? readdirSync(path.join(ROOT, MUTATED)).toSorted());
  const reports: Report[] = [];
  for (const part of parts) {
    const report = reportOf(part);
    if (report === null) return 1;
    reports.push(report);
  }
  const files = Object.assign({}, ...reports.map((report) => report.files)) as Report["files"];
  const summary = summaryOf({ files });
  process.stdout.write(
    values.output === "json" ? `${JSON.stringify(summary)}\n` : `${summary.text}\n`,
  );
  return isDone(summary) ? 0 : 1;
}

/** The sources, their tests, and the packages. */
function layOut(): void {
  mkdirSync(SANDBOX, { recursive: true });
  for (const folder of ["mesh", "control", "test/mesh", "test/conformance"]) {
    rmSync(path.join(SANDBOX, folder), { recursive: true, force: true });
    cpSync(path.join(ROOT, folder), path.join(SANDBOX, folder), { recursive: true });
  }
  const { devDependencies, dependencies } = JSON.parse(
    readFileSync(path.join(ROOT, "package.json"), "utf8"),
  ) as Record<"devDependencies" | "dependencies", Record<string, string>>;
  write("package.json", {
    name: "mutation",
    private: true,
    type: "module",
    dependencies: {
      "@stryker-mutator/core": STRYKER,
      "@stryker-mutator/vitest-runner": STRYKER,
      "fast-check": devDependencies["fast-check"],
      vite: devDependencies["vite"],
      vitest: devDependencies["vitest"],
      zod: dependencies["zod"],
    },
  });
  writeFileSync(path.join(SANDBOX, "vitest.config.ts"), VITEST_CONFIG);
}

/**
 * What Stryker says of one part; null where it could not run. Each part has a run of its own, because the time that a
 * mutant is given before it counts as one that never ends is measured by the tests of the run.
 */
function reportOf(part: string): Report | null {
  const fileName = `reports/${part.replaceAll(/\W/g, "-")}.json`;
  write("stryker.config.json", {
    testRunner: "vitest",
    plugins: ["@stryker-mutator/vitest-runner"],
    mutate: [part.endsWith(".ts") ? `${MUTATED}/${part}` : `${MUTATED}/${part}/**/*.ts`],
    // A configuration that is not there is not rewritten, which would take the compiler.
    tsconfigFile: "none.json",
    concurrency: 2,
    coverageAnalysis: "perTest",
    // Beyond what the tests themselves take: a machine that is busy with something else is to kill none.
    timeoutMS: 10_000,
    reporters: ["progress", "json"],
    jsonReporter: { fileName },
  });
  run("node_modules/.bin/stryker", ["run"]);
  const file = path.join(SANDBOX, fileName);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Report) : null;
}

/** Once, and again when a version changes. */
function install(): boolean {
  const wanted = readFileSync(path.join(SANDBOX, "package.json"), "utf8");
  const stamp = path.join(SANDBOX, "node_modules/.installed");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return true;
  if (run("npm", ["install", "--no-audit", "--no-fund"]) !== 0) {
    process.stderr.write("npm could not install Stryker; it takes access to a package registry.\n");
    return false;
  }
  writeFileSync(stamp, wanted);
  return true;
}

function run(command: string, args: readonly string[]): number {
  const { status } = spawnSync(command, args, {
    cwd: SANDBOX,
    stdio: ["ignore", 2, 2],
    // A mutant that only one input in thousands shows counts as a survivor.
    env: { ...process.env, HEDDLE_SEED: "1", HEDDLE_SHARE: "0.05" },
  });
  return status ?? 1;
}

function write(file: string, content: object): void {
  writeFileSync(path.join(SANDBOX, file), `${JSON.stringify(content, null, 2)}\n`);
}
