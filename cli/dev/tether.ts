// Owns that the local runtime ends with this process, however this one ends: killed, too, it leaves nothing behind.
import { accessSync, constants } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";
import { packageRoot } from "../weave/again.ts";

/** Of util-linux. */
const SETPRIV = "/usr/bin/setpriv";

/** Has miniflare start workerd tied to this process, where the system has the means to. */
export function tetherRuntime(): void {
  if (process.platform !== "linux" || process.env["MINIFLARE_WORKERD_PATH"]) return;
  const script = path.join(packageRoot(), "cli/dev/workerd.sh");
  if (!isRunnable(SETPRIV) || !isRunnable(script)) return;
  const fromMiniflare = createRequire(createRequire(import.meta.url).resolve("miniflare"));
  const { default: workerd } = fromMiniflare("workerd") as { readonly default: string };
  process.env["HEDDLE_WORKERD"] = workerd;
  process.env["MINIFLARE_WORKERD_PATH"] = script;
}

function isRunnable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
