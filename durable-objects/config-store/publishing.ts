// Owns the turns of the one publisher and the published table. A version is handed out once and never again, so that
// a publisher that died half-way cannot have its number used for another content.
import type { PublishState } from "../../mesh/contract/state.ts";
import type { Clock } from "../clock.ts";
import { type Sql, blob, toBlob } from "../sql.ts";
import type { Counters } from "./counters.ts";

/** A turn older than this is given up for lost. */
export const TURN_MS = 10_000;
/** SQLite holds rows of at most 2 MB. */
const PART_BYTES = 1_000_000;
const VERSIONS_KEPT = 1000;

/** A turn without its resources. */
export interface Turn {
  readonly turn: number;
  readonly version: number;
  readonly previous: number;
}

export interface Publishing {
  begin(minGapMs: number): Turn | null;
  /** False where the turn was lost. */
  end(
    turn: number,
    version: number | null,
    table?: { readonly bytes: Uint8Array; readonly isInKv: boolean },
  ): boolean;
  state(): PublishState;
  table(have: number): { readonly version: number; readonly bytes: Uint8Array } | null;
  wroteKv(version: number): void;
}

export function createPublishing(sql: Sql, counters: Counters, clock: Clock): Publishing {
  return {
    begin(minGapMs) {
      const nowMs = clock.now();
      const openedMs = counters.get("turnMs");
      if (openedMs > 0 && nowMs - openedMs < TURN_MS) return null;
      if (nowMs - counters.get("publishedMs") < minGapMs) return null;
      return sql.transaction(() => {
        counters.set("turnMs", nowMs);
        counters.set("turnRevision", counters.get("revision"));
        return {
          turn: counters.next("turn"),
          version: counters.next("reserved"),
          previous: counters.get("version"),
        };
      });
    },
    end(turn, version, table) {
      if (turn !== counters.get("turn") || counters.get("turnMs") === 0) return false;
      sql.transaction(() => {
        counters.set("turnMs", 0);
        if (version !== null) keep(sql, counters, clock.now(), version, table);
      });
      return true;
    },
    state: () => ({
      version: counters.get("version"),
      revision: counters.get("revision"),
      published: counters.get("published"),
      kvVersion: counters.get("kvVersion"),
    }),
    table(have) {
      const version = counters.get("version");
      if (version === 0 || version === have) return null;
      return { version, bytes: joined(sql) };
    },
    wroteKv(version) {
      counters.set("kvVersion", version);
      counters.set("publishedMs", clock.now());
    },
  };
}

function keep(
  sql: Sql,
  counters: Counters,
  nowMs: number,
  version: number,
  table: { readonly bytes: Uint8Array; readonly isInKv: boolean } | undefined,
): void {
  const bytes = table?.bytes ?? new Uint8Array();
  const revision = counters.get("turnRevision");
  sql.all(
    "INSERT INTO version VALUES (?, ?, ?, ?, ?)",
    version,
    counters.get("version"),
    revision,
    nowMs,
    bytes.length,
  );
  sql.all("DELETE FROM version WHERE version <= ?", version - VERSIONS_KEPT);
  counters.set("version", version);
  counters.set("published", revision);
  counters.set("publishedMs", nowMs);
  if (table?.isInKv) counters.set("kvVersion", version);
  sql.all("DELETE FROM table_part");
  for (let at = 0; at < bytes.length; at += PART_BYTES) {
    const part = toBlob(bytes.subarray(at, at + PART_BYTES));
    sql.all("INSERT INTO table_part (part, bytes) VALUES (?, ?)", at / PART_BYTES, part);
  }
}

function joined(sql: Sql): Uint8Array {
  const parts = sql
    .all("SELECT bytes FROM table_part ORDER BY part")
    .map((row) => blob(row, "bytes"));
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
