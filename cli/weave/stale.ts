// Owns whether the generated wrangler file that wrangler has read is still the one that holds.
import { BINDINGS } from "../../mesh/contract/wiring.ts";
import type { GeneratedConfig } from "./config.ts";

/** What is new in each weaving, or newer in control, and of which an older one does no harm. */
const VOLATILE = ["loopback", "seed", "table"] as const;

/** Whether two generated files make wrangler do the same; what it watches in dev does not count. */
export function isSameConfig(read: GeneratedConfig, now: GeneratedConfig): boolean {
  return lasting(read) === lasting(now);
}

function lasting(config: GeneratedConfig): string {
  // As JSON, since one of them comes from a file.
  const copy = JSON.parse(JSON.stringify(config)) as {
    build?: { watch_dir?: unknown };
    vars?: Record<string, Record<string, unknown>>;
  };
  delete copy.build?.watch_dir;
  const wiring = copy.vars?.[BINDINGS.wiring];
  for (const part of wiring ? VOLATILE : []) delete wiring?.[part];
  return JSON.stringify(copy);
}
