// Owns who and which keys were revoked; nothing is taken back.
import type { Revocation } from "../../mesh/contract/identity.ts";
import { inForce } from "../../mesh/algorithms/rotation/in-force.ts";
import type { Clock } from "../clock.ts";
import { type Row, type Sql, number, text } from "../sql.ts";

export interface Revocations {
  /** Revokes, keeping the time of the first where it is done twice, of a session the last; answers all. */
  add(revocation: Omit<Revocation, "atMs">): readonly Revocation[];
  /** Those in force, oldest first. */
  all(): readonly Revocation[];
}

export function createRevocations(sql: Sql, clock: Clock): Revocations {
  const all = (): readonly Revocation[] =>
    inForce(
      sql.all("SELECT * FROM revocation ORDER BY at_ms, kind, value").map(toRevocation),
      clock.now(),
    );
  return {
    all,
    add({ kind, value }) {
      sql.all(
        `INSERT INTO revocation VALUES (?, ?, ?) ON CONFLICT (kind, value)
         DO UPDATE SET at_ms = excluded.at_ms WHERE kind = 'session'`,
        kind,
        value,
        clock.now(),
      );
      return all();
    },
  };
}

const toRevocation = (row: Row): Revocation => ({
  kind: text(row, "kind") as Revocation["kind"],
  value: text(row, "value"),
  atMs: number(row, "at_ms"),
});
