// Runs `npm start`, `npm test` and the like in a fresh clone: installs what the lock names if it is not
// there, then hands over to Node 24 from node_modules. Plain JavaScript without a dependency, for Node 20 and up.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { findNode, nodeHelp } from "./find-node.js";
import { whenOrphaned } from "./orphan.js";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const modules = path.join(root, "node_modules");
const stampFile = path.join(modules, ".heddle-lock");
const lockFile = path.join(root, "package-lock.json");

/** How long the processes left in the child's group may take to end by themselves. */
const graceMs = 3000;

/** Two signals closer than this are one. */
const doubledMs = 200;

const commands = { start: runStart, test: runTest, run: runFile, bench: runBench };

async function main() {
  const [name = "", ...args] = process.argv.slice(2);
  const command = commands[name];
  if (!command)
    return fail("usage: node cli/bootstrap.js start|test|run FILE|bench NAME [arguments]");
  install();
  const node = findNode(root);
  if (!node) return fail(nodeHelp(root));
  process.exitCode = await command(node, args);
}

function fail(message) {
  console.error(message);
  process.exitCode = 1;
}

// --- the commands

/** @param {string} node @param {string[]} args */
async function runStart(node, args) {
  return await run(node, [path.join(root, "cli/start.ts"), ...args]);
}

/** @param {string} node @param {string[]} args */
async function runFile(node, [file = "", ...args]) {
  return await run(node, [path.resolve(root, file), ...args]);
}

/** `npm run bench -- hop` runs bench/hop/run.ts. */
async function runBench(node, [name = "", ...args]) {
  const dir = path.join(root, "bench");
  const names = readdirSync(dir).filter((entry) => existsSync(path.join(dir, entry, "run.ts")));
  if (names.includes(name)) return await runFile(node, [`bench/${name}/run.ts`, ...args]);
  console.error(`usage: npm run bench -- ${names.join("|")} [arguments]`);
  return 1;
}

/** @param {string} node @param {string[]} args */
async function runTest(node, args) {
  const isLong = args.includes("--long");
  const report = path.join(root, `.heddle/test-report-${process.pid}.json`);
  mkdirSync(path.dirname(report), { recursive: true });
  const code = await run(
    node,
    [
      path.join(modules, "vitest/vitest.mjs"),
      "run",
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${report}`,
      ...args.filter((arg) => arg !== "--long"),
    ],
    isLong ? { HEDDLE_LONG: "1" } : {},
  );
  console.log(closingLine(report, code));
  rmSync(report, { force: true });
  return code;
}

/** `N passed, N failed[, N skipped]`. A file that failed to load counts as one failed test. */
function closingLine(report, code) {
  const sums = { passed: 0, failed: 0, skipped: 0 };
  for (const file of readJson(report)?.testResults ?? []) {
    const failedBefore = sums.failed;
    for (const test of file.assertionResults) {
      sums[test.status === "passed" || test.status === "failed" ? test.status : "skipped"] += 1;
    }
    if (file.status === "failed" && sums.failed === failedBefore) sums.failed += 1;
  }
  if (code !== 0 && sums.failed === 0) sums.failed = 1;
  const skipped = sums.skipped > 0 ? `, ${sums.skipped} skipped` : "";
  return `${sums.passed} passed, ${sums.failed} failed${skipped}`;
}

// --- install

/** Makes node_modules agree with package-lock.json; a stamp in it says for which lock it was last seen to. */
function install() {
  const lock = readText(lockFile);
  const digest = createHash("sha256").update(lock).digest("hex");
  if (readText(stampFile) === digest) return;
  if (!isInstalled(lock)) {
    const command = lock === "" ? ["install"] : ["ci"];
    console.error(`Installing the packages that Heddle needs (npm ${command[0]}) ...`);
    const { status, error } = spawnSync(
      process.platform === "win32" ? "npm.cmd" : "npm",
      [...command, "--include=dev", "--include=optional", "--no-audit", "--no-fund"],
      { cwd: root, stdio: ["ignore", 2, 2], env: npmEnv(), shell: process.platform === "win32" },
    );
    if (error || status !== 0) {
      fail(
        `npm ${command[0]} failed${error ? `: ${error.message}` : ""}; mend that and try again.`,
      );
      process.exit();
    }
  }
  if (existsSync(modules)) writeFileSync(stampFile, digest);
}

/** Whether an install made by hand already has every package of the lock at its version. */
function isInstalled(lock) {
  const wanted = parse(lock)?.packages;
  const found = readJson(path.join(modules, ".package-lock.json"))?.packages;
  if (!wanted || !found) return false;
  return Object.entries(wanted).every(([where, entry]) => {
    if (where === "") return true;
    const there = found[where];
    return there ? there.version === entry.version : Boolean(entry.optional || entry.devOptional);
  });
}

/** npm must not run on the Node inside the node_modules that it is about to replace. */
function npmEnv() {
  const bin = `node_modules${path.sep}.bin`;
  return withPath((dirs) => dirs.filter((dir) => !dir.includes(bin)));
}

/** The environment with its search path changed; Windows spells the variable `Path`. */
function withPath(change) {
  const key = Object.keys(process.env).find((name) => name.toUpperCase() === "PATH") ?? "PATH";
  const dirs = (process.env[key] ?? "").split(path.delimiter);
  return { ...process.env, [key]: change(dirs).join(path.delimiter) };
}

// --- run

/**
 * Runs Node in a process group of its own, passes signals on to the whole group, waits for the child
 * and ends what it left behind. Resolves to its exit code, 128 + n for signal n.
 */
async function run(node, args, extraEnv = {}) {
  const env = { ...withPath((dirs) => [path.join(modules, ".bin"), ...dirs]), ...extraEnv };
  const isGroup = process.platform !== "win32";
  const child = spawn(node, args, { cwd: root, stdio: "inherit", env, detached: isGroup });
  let signals = 0;
  let lastMs = 0;
  onStop((signal) => {
    // A Ctrl-C arrives twice: from the terminal, and from npm, which got it too.
    if (Date.now() - lastMs < doubledMs) return;
    lastMs = Date.now();
    signals += 1;
    const sent = signals > 2 ? "SIGKILL" : signal;
    if (isGroup) kill(-child.pid, sent);
    else child.kill(sent);
  });
  const code = await new Promise((resolve) => {
    child.once("error", (error) => {
      console.error(`Cannot run ${node}: ${error.message}`);
      resolve(1);
    });
    child.once("exit", (exitCode, signal) => resolve(exitCode ?? 128 + signalNumber(signal)));
  });
  if (isGroup && child.pid) await endGroup(child.pid);
  return code;
}

/** Calls `stop` for every signal, and once npm is gone without having passed one on. */
function onStop(stop) {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, stop);
  whenOrphaned(() => stop("SIGTERM"));
}

/** Ends whatever the child left running in its group. */
async function endGroup(pid) {
  const until = Date.now() + graceMs;
  let isAsked = false;
  while (kill(-pid, 0)) {
    if (Date.now() > until) {
      kill(-pid, "SIGKILL");
      return;
    }
    if (!isAsked) kill(-pid, "SIGTERM");
    isAsked = true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Sends a signal; false if nobody is there. */
function kill(pid, signal) {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

function signalNumber(signal) {
  return { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 }[signal] ?? 1;
}

// --- files

function readText(file) {
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

function readJson(file) {
  return parse(readText(file));
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

await main();
