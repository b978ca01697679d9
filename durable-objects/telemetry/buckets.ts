// Owns the buckets of time: seconds (2 min), tens of seconds (20 min), minutes (6 h); a count is in one of them at a time.
import { type Sql, number, text } from "../sql.ts";
import { type Counts, addCounts, readCounts, writeCounts } from "./counts.ts";

/** By width, and how long buckets are kept before they go into the next wider ones, or away. */
export const TIERS = [
  { widthMs: 1000, keptMs: 120_000 },
  { widthMs: 10_000, keptMs: 1_200_000 },
  { widthMs: 60_000, keptMs: 21_600_000 },
] as const;

/** The second a part was closed in; what a wrong clock says is taken for now. */
export function startOf(atMs: number, nowMs: number): number {
  const [{ widthMs, keptMs }] = TIERS;
  const isSound = atMs <= nowMs && nowMs - atMs < keptMs;
  return Math.floor((isSound ? atMs : nowMs) / widthMs) * widthMs;
}

export function addToBucket(
  sql: Sql,
  widthMs: number,
  startMs: number,
  id: number,
  counts: Counts,
): void {
  const [row] = sql.all(
    "SELECT counts FROM bucket WHERE width_ms = ? AND start_ms = ? AND series = ?",
    widthMs,
    startMs,
    id,
  );
  const sum = row === undefined ? counts : addCounts(readCounts(text(row, "counts")), counts);
  sql.all(
    "INSERT OR REPLACE INTO bucket VALUES (?, ?, ?, ?)",
    widthMs,
    startMs,
    id,
    writeCounts(sum),
  );
}

/** Moves what is too old for its tier into the next, or drops it. */
export function widen(sql: Sql, nowMs: number): void {
  for (const [index, { widthMs, keptMs }] of TIERS.entries()) {
    const wider = TIERS[index + 1]?.widthMs;
    const beforeMs = nowMs - keptMs;
    if (wider !== undefined) move(sql, widthMs, wider, beforeMs);
    sql.all("DELETE FROM bucket WHERE width_ms = ? AND start_ms < ?", widthMs, beforeMs);
  }
}

function move(sql: Sql, widthMs: number, wider: number, beforeMs: number): void {
  const old = "SELECT * FROM bucket WHERE width_ms = ? AND start_ms < ?";
  for (const row of sql.all(old, widthMs, beforeMs)) {
    const startMs = Math.floor(number(row, "start_ms") / wider) * wider;
    addToBucket(sql, wider, startMs, number(row, "series"), readCounts(text(row, "counts")));
  }
}
