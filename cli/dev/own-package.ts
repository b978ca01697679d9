// Owns where `import … from "heddle"` leads in a Worker whose folder has no heddle installed: to this very one.
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import type { WranglerConfig } from "../project/wrangler-config.ts";
import { packageRoot } from "../weave/again.ts";

const NAME = "heddle";

/** Aliases as wrangler's `--alias` takes them; none where the Worker says or finds itself what it means. */
export function ownAliases(config: WranglerConfig, dir: string): readonly string[] {
  const own = config["alias"] as Readonly<Record<string, string>> | undefined;
  if (own?.[NAME] !== undefined || isInstalled(dir)) return [];
  return [`${NAME}:${path.join(packageRoot(), "mesh/index.ts")}`];
}

/** Whether the name resolves from a folder: installed in one above it, or a package of that name itself. */
function isInstalled(from: string): boolean {
  for (let dir = from; ; dir = path.dirname(dir)) {
    if (existsSync(path.join(dir, "node_modules", NAME, "package.json"))) return true;
    const file = path.join(dir, "package.json");
    if (existsSync(file) && /"name":\s*"heddle"/.test(readFileSync(file, "utf8"))) return true;
    if (dir === path.dirname(dir)) return false;
  }
}
