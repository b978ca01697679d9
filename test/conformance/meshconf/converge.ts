// Owns the convergence rule: a case holds after 3 successes in a row, tried anew every 100 ms.
// The 30 s upstream allows count from the last change of the mesh: what has not converged by then does not in the next
// case either. `heddle apply --wait` returns when the table is in use, so that a mesh that keeps its word needs none.
import { setTimeout as sleep } from "node:timers/promises";

const PAUSE_MS = 100;
const IN_A_ROW = 3;
const WINDOW_MS = 30_000;
/** Every case has at least this long. */
const LEAST_MS = 5_000;

/** When cases that begin after a change at `changedMs` may stop hoping. */
export function deadline(changedMs: number, nowMs: number, windowMs: number = WINDOW_MS): number {
  return Math.max(changedMs + windowMs, nowMs + Math.min(LEAST_MS, windowMs));
}

/** What the last try found; empty after 3 tries in a row that found nothing. */
export async function converge(
  endMs: number,
  tryOnce: () => Promise<readonly string[]>,
): Promise<readonly string[]> {
  for (let good = 0; ;) {
    const found = await tryOnce().catch((error: unknown) => [said(error)]);
    good = found.length === 0 ? good + 1 : 0;
    if (good === IN_A_ROW) return [];
    if (found.length > 0 && Date.now() >= endMs) return found;
    await sleep(found.length === 0 ? 0 : PAUSE_MS);
  }
}

/** An error as one line. */
export function said(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : "";
  return `${error.message || error.name}${cause}`;
}
