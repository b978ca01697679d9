#!/usr/bin/env node
// The `heddle` command: finds a Node that is new enough, then runs cli/main.ts, or its build in a published package.
// Plain JavaScript without a dependency, for Node 20 and up.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { findNode, isNewEnough, nodeHelp } from "./find-node.js";
import { whenOrphaned } from "./orphan.js";

const self = fileURLToPath(import.meta.url);
const root = path.dirname(path.dirname(self));

whenOrphaned(() => process.kill(process.pid, "SIGTERM"));

if (isNewEnough(process.versions.node)) {
  await import(pathToFileURL(mainFile()).href);
} else {
  const node = findNode(root);
  if (node) {
    runAgain(node);
  } else {
    console.error(nodeHelp(root));
    process.exitCode = 1;
  }
}

/** Node refuses to strip types below node_modules, so the package brings a build. */
function mainFile() {
  const built = path.join(root, "dist/cli/main.js");
  const isPackage = root.split(path.sep).includes("node_modules");
  return isPackage && existsSync(built) ? built : path.join(root, "cli/main.ts");
}

/** Runs this file on another Node in its place: same terminal, same signals, same exit code. */
function runAgain(node) {
  const child = spawn(node, [self, ...process.argv.slice(2)], { stdio: "inherit" });
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, () => child.kill(signal));
  child.once("error", (error) => {
    console.error(`Cannot run ${node}: ${error.message}`);
    process.exitCode = 1;
  });
  child.once("exit", (code, signal) => {
    if (signal === null) {
      process.exitCode = code ?? 1;
      return;
    }
    for (const name of signals) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
}
