// Owns what was seen before: a nonce is admitted once within the window its proof can be good for.
import { REQUEST_AHEAD_MS, REQUEST_WINDOW_MS } from "../../mesh/contract/identity.ts";
import type { Clock } from "../clock.ts";
import type { Sql } from "../sql.ts";

/** A proof may be early by as much as it may be old; a little is added for clocks that differ. */
export const KEEP_MS = REQUEST_WINDOW_MS + REQUEST_AHEAD_MS + 5000;
/** Old keys are dropped once in so many. */
const SWEEP_EVERY = 64;

export interface Seen {
  /** True the first time within the window, false after. */
  admit(key: string): boolean;
}

export function createSeen(sql: Sql, clock: Clock): Seen {
  let count = 0;
  return {
    admit(key) {
      const nowMs = clock.now();
      if (count++ % SWEEP_EVERY === 0) sql.all("DELETE FROM seen WHERE until_ms < ?", nowMs);
      const kept = sql.all(
        `INSERT INTO seen VALUES (?1, ?2)
         ON CONFLICT (key) DO UPDATE SET until_ms = excluded.until_ms WHERE until_ms < ?3
         RETURNING key`,
        key,
        nowMs + KEEP_MS,
        nowMs,
      );
      return kept.length > 0;
    },
  };
}
