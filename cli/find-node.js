// Finds the Node that runs Heddle: the pinned one of node_modules, else the one in use if it is new enough.
// Plain JavaScript without a dependency, for Node 20 and up.
import { existsSync } from "node:fs";
import path from "node:path";
import process from "node:process";

/** The oldest Node that runs TypeScript files unasked; wrangler and vitest take it too. */
const oldest = [22, 18];

/**
 * The path of a Node that can run Heddle, or undefined.
 * Looks for node_modules upwards from `from`, so that it works in the checkout and as a dependency.
 * @param {string} from
 * @returns {string | undefined}
 */
export function findNode(from) {
  for (let dir = from; ; dir = path.dirname(dir)) {
    const found = pinnedIn(path.join(dir, "node_modules"));
    if (found) return found;
    if (dir === path.dirname(dir)) break;
  }
  return isNewEnough(process.versions.node) ? process.execPath : undefined;
}

/** What to tell a person whose machine has no Node that will do. */
export function nodeHelp(from) {
  return (
    `Heddle needs Node ${oldest.join(".")} or newer and this is ${process.versions.node}.\n` +
    `On Linux and Windows \`npm ci\` in ${from} brings the right one; elsewhere install it from https://nodejs.org.`
  );
}

/** @param {string} version */
export function isNewEnough(version) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > oldest[0] || (major === oldest[0] && minor >= oldest[1]);
}

function pinnedIn(modules) {
  const platform = process.platform === "win32" ? "win" : process.platform;
  const file = process.platform === "win32" ? "bin/node.exe" : "bin/node";
  const pinned = path.join(modules, `node-${platform}-${process.arch}`, file);
  return existsSync(pinned) ? pinned : undefined;
}
