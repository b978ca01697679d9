// Owns how far a table version has come: who runs it, who does not yet, and whether it is in use.
import type { Convergence } from "../../mesh/contract/api.ts";
import type { IsolateSeen } from "../../mesh/contract/state.ts";

/** A first report may be under way to the Registry for this long. */
export const SETTLE_MS = 1000;

/** Judges one version by what the Registry knows. */
export function convergenceOf(given: {
  readonly version: number;
  readonly newest: { readonly version: number; readonly atMs: number };
  readonly seen: readonly IsolateSeen[];
  readonly leaseMs: number;
  readonly nowMs: number;
}): Convergence {
  const { version, newest, seen, leaseMs, nowMs } = given;
  const acknowledged = seen.filter((isolate) => isolate.version >= version);
  const pending = seen.filter(
    (isolate) => isolate.version < version && isolate.seenMs + leaseMs > nowMs,
  );
  const ageMs = nowMs - newest.atMs;
  const isSettled = ageMs >= Math.min(SETTLE_MS, leaseMs) && pending.length === 0;
  return {
    version,
    newest: newest.version,
    inUse: version <= newest.version && (isSettled || ageMs >= leaseMs),
    acknowledged,
    pending,
    leaseMs,
  };
}
