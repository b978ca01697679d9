// Owns what Registry knows of isolates: held in memory, written when it says something new or is about to go stale,
// so that a report a second is not a row a second.
import type { Revocation } from "../../mesh/contract/identity.ts";
import type { IsolateSeen } from "../../mesh/contract/state.ts";
import { inForce } from "../../mesh/algorithms/rotation/in-force.ts";
import type { Clock } from "../clock.ts";
import { type Row, type Sql, number, text } from "../sql.ts";

/** An isolate not heard of for this long is gone. */
export const FORGET_MS = 600_000;
/** A stored sighting may lag this far behind the one in memory. */
const STORE_EVERY_MS = 10_000;

interface Sighting {
  readonly seen: IsolateSeen;
  readonly storedMs: number;
}

export interface Sightings {
  merge(seen: readonly IsolateSeen[]): void;
  since(sinceMs: number): IsolateSeen[];
  publish(version: number, atMs: number): void;
  published(): { readonly version: number; readonly atMs: number };
  revocations(): readonly Revocation[];
  addRevocations(revocations: readonly Revocation[]): void;
}

export function createSightings(sql: Sql, clock: Clock): Sightings {
  const known = new Map(
    sql
      .all("SELECT * FROM isolate")
      .map(toSeen)
      .map((seen): [string, Sighting] => [keyOf(seen), { seen, storedMs: seen.seenMs }]),
  );
  let newest = readPublished(sql);
  let revoked = readRevocations(sql);
  let forgotMs = clock.now();

  function take(seen: IsolateSeen): void {
    const key = keyOf(seen);
    const last = known.get(key);
    if (last && last.seen.seenMs > seen.seenMs) return;
    const isNew = !last || last.seen.version !== seen.version || seen.nack !== null;
    const isStale = !last || seen.seenMs - last.storedMs >= STORE_EVERY_MS;
    if (isNew || isStale) store(sql, seen);
    known.set(key, { seen, storedMs: isNew || isStale ? seen.seenMs : last.storedMs });
  }

  function forget(nowMs: number): void {
    if (nowMs - forgotMs < FORGET_MS / 10) return;
    forgotMs = nowMs;
    for (const [key, { seen }] of known) {
      if (nowMs - seen.seenMs > FORGET_MS) known.delete(key);
    }
    sql.all("DELETE FROM isolate WHERE seen_ms < ?", nowMs - FORGET_MS);
  }

  return {
    merge(seen) {
      for (const one of seen) take(one);
      forget(clock.now());
    },
    since: (sinceMs) =>
      [...known.values()].map(({ seen }) => seen).filter(({ seenMs }) => seenMs >= sinceMs),
    publish(version, atMs) {
      if (version <= newest.version) return;
      newest = { version, atMs };
      sql.all("INSERT OR REPLACE INTO published VALUES (1, ?, ?)", version, atMs);
    },
    published: () => newest,
    revocations: () => inForce(revoked, clock.now()),
    addRevocations(revocations) {
      sql.transaction(() => {
        for (const { kind, value, atMs } of revocations) {
          sql.all(
            `INSERT INTO revocation VALUES (?, ?, ?) ON CONFLICT (kind, value)
             DO UPDATE SET at_ms = max(at_ms, excluded.at_ms) WHERE kind = 'session'`,
            kind,
            value,
            atMs,
          );
        }
      });
      revoked = readRevocations(sql);
    },
  };
}

const keyOf = ({ workload, isolate }: IsolateSeen): string => `${workload} ${isolate}`;

function store(sql: Sql, { isolate, workload, version, seenMs, nack }: IsolateSeen): void {
  sql.all(
    "INSERT OR REPLACE INTO isolate VALUES (?, ?, ?, ?, ?)",
    workload,
    isolate,
    version,
    seenMs,
    nack && JSON.stringify(nack),
  );
}

function readPublished(sql: Sql): { readonly version: number; readonly atMs: number } {
  const [row] = sql.all("SELECT version, at_ms FROM published");
  return { version: number(row, "version"), atMs: number(row, "at_ms") };
}

const readRevocations = (sql: Sql): readonly Revocation[] =>
  sql.all("SELECT * FROM revocation ORDER BY at_ms, kind, value").map(toRevocation);

const toSeen = (row: Row): IsolateSeen => ({
  isolate: text(row, "isolate"),
  workload: text(row, "workload"),
  version: number(row, "version"),
  seenMs: number(row, "seen_ms"),
  nack: text(row, "nack") ? (JSON.parse(text(row, "nack")) as IsolateSeen["nack"]) : null,
});

const toRevocation = (row: Row): Revocation => ({
  kind: text(row, "kind") as Revocation["kind"],
  value: text(row, "value"),
  atMs: number(row, "at_ms"),
});
