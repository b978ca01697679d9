// Owns the files by which the gateway and the relay are deployed for one mesh: `wrangler deploy -c <file>`.
// They lie in the project; the mesh's own folders stay as they are.
import path from "node:path";
import { readWranglerConfig } from "../project/wrangler-config.ts";
import { packageRoot } from "./again.ts";
import { systemConfig, type GeneratedConfig, type SystemPlace } from "./config.ts";
import { envModule, systemEntry, wiringModule } from "./entry.ts";
import { relativeTo, writeIfChanged } from "./files.ts";
import type { PlannedSystem } from "./system.ts";
import { WOVEN_FILES } from "./weavable.ts";
import { GATEWAY_WORKLOAD, RELAY_WORKLOAD } from "../../mesh/contract/wiring.ts";

/** Wrangler files of the mesh's own Workers that have a place in every mesh, below heddle's folder. */
export const SYSTEM_FILES: Readonly<Record<string, string>> = {
  [GATEWAY_WORKLOAD]: "wrangler.toml",
  [RELAY_WORKLOAD]: "workers/sidecar/wrangler.toml",
};

/** The wrangler file of the gateway or relay, and the modules it brings, below `outDir`. */
export async function writeSystem(planned: PlannedSystem, place: SystemPlace): Promise<string> {
  const source = path.join(packageRoot(), SYSTEM_FILES[planned.workload] ?? "");
  const own = await readWranglerConfig(source, undefined);
  const config: GeneratedConfig = systemConfig(planned, own, WOVEN_FILES.entry, place);
  const main = relativeTo(place.outDir, own.main ?? "");
  const files: Readonly<Record<string, string>> = {
    [WOVEN_FILES.entry]: systemEntry(main),
    [WOVEN_FILES.boot]: envModule(),
    [WOVEN_FILES.wiring]: wiringModule(planned.wiring),
    "wrangler.json": `${JSON.stringify(config, null, 2)}\n`,
  };
  for (const [name, text] of Object.entries(files)) {
    writeIfChanged(path.join(place.outDir, name), text);
  }
  return path.join(place.outDir, "wrangler.json");
}
