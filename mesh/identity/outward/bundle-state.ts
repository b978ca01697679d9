// Owns when a bundle is asked for again and which of two holds: pure, so that a Node origin and control decide alike.
import { newerBundle, type TrustBundle } from "./bundle.ts";

/** Bounds of the refresh hint, and what holds where a bundle gives none. */
const LEAST_MS = 60_000;
const MOST_MS = 86_400_000;
const USUAL_MS = 300_000;
/** The first try after one that failed; each that fails doubles it, up to the usual interval. */
const RETRY_MS = 15_000;

/** What is known of one bundle. */
export interface BundleState {
  /** The last good one. */
  readonly held: TrustBundle | null;
  /** When it was last asked for; -Infinity before the first time. */
  readonly triedMs: number;
  /** Tries since then that brought nothing. */
  readonly failures: number;
}

export const NO_BUNDLE: BundleState = {
  held: null,
  triedMs: Number.NEGATIVE_INFINITY,
  failures: 0,
};

/** How long a bundle that was had is good without asking, ms: its own hint, from a minute to a day. */
export function refreshMs({ held }: Pick<BundleState, "held">): number {
  const hinted = held?.refreshS == null ? USUAL_MS : held.refreshS * 1000;
  return Math.min(MOST_MS, Math.max(LEAST_MS, hinted));
}

/** When it is to be asked for again. */
export function dueMs(state: BundleState): number {
  const { triedMs, failures } = state;
  if (failures === 0) return triedMs + refreshMs(state);
  return triedMs + Math.min(refreshMs(state), RETRY_MS * 2 ** Math.min(failures - 1, 16));
}

/** A key that is not in the bundle may be a new one: asked for again at once, but not more often than this. */
export const mayLookAgain = ({ triedMs }: BundleState, nowMs: number): boolean =>
  nowMs - triedMs >= LEAST_MS / 2;

/** A try was made; null: it brought no bundle. The last good one stays, and none of a lower sequence takes its place. */
export function tookBundle(
  { held, failures }: BundleState,
  arrived: TrustBundle | null,
  nowMs: number,
): BundleState {
  if (arrived === null) return { held, triedMs: nowMs, failures: failures + 1 };
  return { held: newerBundle(held, arrived), triedMs: nowMs, failures: 0 };
}
