// Owns what Telemetry keeps: totals since ever and buckets of time. A part and its counts are stored in one transaction.
import type { TelemetryReading } from "../../mesh/contract/state.ts";
import type { SeriesDelta } from "../../mesh/contract/telemetry.ts";
import type { Clock } from "../clock.ts";
import { type Row, type Sql, number, text } from "../sql.ts";
import { TIERS, addToBucket, startOf, widen } from "./buckets.ts";
import { type Counts, addCounts, noCounts, readCounts, writeCounts } from "./counts.ts";
import { type SeriesIds, createSeriesIds, toNames } from "./series-ids.ts";
import { type Part, isPart, soundSeries } from "./sound.ts";

/** How long an isolate's last sequence is known. */
export const REPORTER_MS = 600_000;
const TIDY_EVERY_MS = 10_000;

export interface TelemetryStore {
  take(parts: readonly Part[]): void;
  read(windowMs: number | null): TelemetryReading;
}

export function createTelemetryStore(sql: Sql, clock: Clock): TelemetryStore {
  const ids = createSeriesIds(sql);
  let tidiedMs = clock.now();
  return {
    take(parts) {
      const nowMs = clock.now();
      const inOrder = parts.filter(isPart).toSorted((a, b) => a.sequence - b.sequence);
      ids.within(() => {
        const fresh = inOrder.filter((part) => isNew(sql, part, nowMs));
        store(sql, ids, fresh, nowMs);
      });
      if (nowMs - tidiedMs < TIDY_EVERY_MS) return;
      tidiedMs = nowMs;
      sql.transaction(() => {
        widen(sql, nowMs);
        sql.all("DELETE FROM reporter WHERE seen_ms < ?", nowMs - REPORTER_MS);
      });
    },
    read(windowMs) {
      const nowMs = clock.now();
      const [first] = sql.all("SELECT MIN(born_ms) AS born_ms, COUNT(*) AS n FROM series");
      const ageMs = number(first, "n") === 0 ? 0 : nowMs - number(first, "born_ms");
      const spanMs = Math.max(1000, Math.min(windowMs ?? ageMs, ageMs));
      return { nowMs, spanMs, series: summed(rowsOf(sql, windowMs, nowMs)) };
    },
  };
}

/** Takes note of a part; false where its isolate's sequence was as high before. */
function isNew(sql: Sql, { workload, isolate, sequence }: Part, nowMs: number): boolean {
  const [last] = sql.all(
    "SELECT sequence FROM reporter WHERE workload = ? AND isolate = ?",
    workload,
    isolate,
  );
  if (last !== undefined && number(last, "sequence") >= sequence) return false;
  sql.all(
    "INSERT OR REPLACE INTO reporter VALUES (?, ?, ?, ?)",
    workload,
    isolate,
    sequence,
    nowMs,
  );
  return true;
}

interface Sum {
  readonly startMs: number;
  readonly id: number;
  counts: Counts;
}

/** All parts as one sum by second and series, so that a row is written once. */
function store(sql: Sql, ids: SeriesIds, parts: readonly Part[], nowMs: number): void {
  const sums = new Map<string, Sum>();
  for (const part of parts) {
    const startMs = startOf(part.delta.atMs, nowMs);
    for (const series of soundSeries(part)) {
      const id = ids.of(series, nowMs);
      const key = `${startMs} ${id}`;
      const sum = sums.get(key) ?? { startMs, id, counts: noCounts() };
      sum.counts = addCounts(sum.counts, series);
      sums.set(key, sum);
    }
  }
  for (const { startMs, id, counts } of sums.values()) {
    addToBucket(sql, TIERS[0].widthMs, startMs, id, counts);
    addToTotal(sql, id, counts);
  }
}

function addToTotal(sql: Sql, id: number, counts: Counts): void {
  const [row] = sql.all("SELECT counts FROM total WHERE series = ?", id);
  const sum = row === undefined ? counts : addCounts(readCounts(text(row, "counts")), counts);
  sql.all("INSERT OR REPLACE INTO total VALUES (?, ?)", id, writeCounts(sum));
}

const rowsOf = (sql: Sql, windowMs: number | null, nowMs: number): readonly Row[] =>
  windowMs === null
    ? sql.all("SELECT * FROM total JOIN series ON series.id = total.series")
    : sql.all(
        "SELECT * FROM bucket JOIN series ON series.id = bucket.series WHERE start_ms + width_ms > ?",
        nowMs - windowMs,
      );

function summed(rows: readonly Row[]): readonly SeriesDelta[] {
  const sums = new Map<number, SeriesDelta>();
  for (const row of rows) {
    const id = number(row, "series");
    const counts = addCounts(sums.get(id) ?? noCounts(), readCounts(text(row, "counts")));
    sums.set(id, { ...toNames(row), ...counts });
  }
  return [...sums.values()];
}
