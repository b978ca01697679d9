// `npm run` and `npx` start us below a shell that may die of a signal without passing it on (dash does).
// Plain JavaScript without a dependency, for Node 20 and up.
import process from "node:process";

/** How often to look whether the parent is still there. */
const checkMs = 100;

/**
 * Calls `stop` once when the npm or npx that started this process is gone.
 * Does nothing where neither did, so that a mesh may be left running in the background on purpose.
 * @param {() => void} stop
 */
export function whenOrphaned(stop) {
  if (!process.env["npm_lifecycle_event"]) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    stop();
  }, checkMs);
  timer.unref();
}
