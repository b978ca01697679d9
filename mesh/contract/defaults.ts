// Owns the mesh-wide defaults of this build; `Mesh.spec.defaults` overrides them field by field.
import type { BreakerPolicy, Defaults } from "./table.ts";

/** When a circuit opens where no resource says otherwise. */
export const DEFAULT_BREAKER: BreakerPolicy = {
  consecutive: 0,
  failureRatio: 0.5,
  slowRatio: 0,
  slowMs: 0,
  minimumCalls: 20,
  windowMs: 10_000,
  baseOpenMs: 1000,
  maxOpenMs: 60_000,
  probes: 3,
  exceptions: [],
};

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
  breaker: DEFAULT_BREAKER,
  balance: "p2c",
  authorization: { defaultAction: "allow-bound" },
};
