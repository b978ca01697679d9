// `npm run test:mutation`: Stryker's mutants of mesh/algorithms, how many the unit tests kill, and which survive.
// Stryker works on a copy of its own, with packages of its own: the project's TypeScript has no compiler for it to load,
// and nobody who runs the tests has to install it.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { isDone, summaryOf, type Report } from "./summary.ts";

const ROOT = path.join(import.meta.dirname, "../..");
const SANDBOX = path.join(ROOT, ".heddle/mutation");
const STRYKER = "10.1.1";
const USAGE = `npm run test:mutation -- [--only FOLDER-OR-FILE]... [-o json]

  --only PART   below mesh/algorithms, for example retry or breaker/machine.ts; may be repeated (default: all)
  -o json       one JSON object instead of text`;

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
  layOut(values.only ?? [""]);
  if (!install()) return 1;
  rmSync(path.join(SANDBOX, "reports"), { recursive: true, force: true });
  run("node_modules/.bin/stryker", ["run"]);
  const file = path.join(SANDBOX, "reports/mutation/mutation.json");
  if (!existsSync(file)) return 1;
  const summary = summaryOf(JSON.parse(readFileSync(file, "utf8")) as Report);
  process.stdout.write(
    values.output === "json" ? `${JSON.stringify(summary)}\n` : `${summary.text}\n`,
  );
  return isDone(summary) ? 0 : 1;
}

/** The sources, their tests, and what Stryker has to be told. */
function layOut(only: readonly string[]): void {
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
  write("stryker.config.json", {
    testRunner: "vitest",
    plugins: ["@stryker-mutator/vitest-runner"],
    mutate: only.map((part) =>
      part.endsWith(".ts")
        ? `mesh/algorithms/${part}`
        : path.posix.join("mesh/algorithms", part, "**/*.ts"),
    ),
    // A configuration that is not there is not rewritten, which would take the compiler.
    tsconfigFile: "none.json",
    concurrency: 2,
    coverageAnalysis: "perTest",
    reporters: ["progress", "json"],
  });
  writeFileSync(
    path.join(SANDBOX, "vitest.config.ts"),
    `export default { test: { include: ["test/mesh/algorithms/**/*.test.ts"] } };\n`,
  );
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
