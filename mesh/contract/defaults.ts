// Owns the mesh-wide defaults of this build; `Mesh.spec.defaults` overrides them field by field.
import type { Defaults } from "./table.ts";

/** What holds where no resource says otherwise (docs/defaults.md). */
export const DEFAULTS: Defaults = {
  identity: { level: "session" },
  lease: { normalMs: 30_000, strictMs: 5000 },
  timeouts: { edgeMs: 15_000 },
  retry: {
    attempts: 1,
    codes: [502, 503, 504],
    backoffBaseMs: 25,
    backoffCapMs: 250,
    budgetRatio: 0.2,
    budgetCap: 3,
  },
  bulkhead: { maxInFlight: 1024 },
  balance: "p2c",
};
