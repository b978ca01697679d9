// A circuit that is told of calls, for the tests of its machine.
import { expect } from "vitest";
import { type Breaker, newBreaker, takeDelta } from "../../../mesh/algorithms/breaker/machine.ts";
import { DEFAULT_BREAKER } from "../../../mesh/contract/defaults.ts";
import type { BreakerDelta } from "../../../mesh/contract/pulse.ts";
import type { BreakerPolicy } from "../../../mesh/contract/table.ts";
import { SILENT } from "./circuits.ts";

export const START = 1_800_000_000_000;
export const half = (): number => 0.5;
export const policy: BreakerPolicy = DEFAULT_BREAKER;

export const delta = (change: Partial<BreakerDelta>): BreakerDelta => ({
  ...SILENT,
  ...change,
});

export const told = (
  breaker: Breaker,
  change: Partial<BreakerDelta>,
  nowMs: number,
  { caller = "a", by = policy }: { caller?: string; by?: BreakerPolicy } = {},
): string => {
  const { generation } = breaker;
  takeDelta(breaker, caller, delta({ generation, ...change }), by, nowMs, half);
  return breaker.state;
};

export const opened = (): Breaker => {
  const breaker = newBreaker(START);
  told(breaker, { failed: 50 }, START);
  expect(breaker).toMatchObject({ state: "open", openMs: 1000, probeAtMs: START + 1000 });
  return breaker;
};
