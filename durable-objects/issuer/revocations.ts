// Owns who and which keys were revoked; nothing is taken back.
import type { Revocation } from "../../mesh/contract/identity.ts";
import type { Clock } from "../clock.ts";
import { type Row, type Sql, number, text } from "../sql.ts";

export interface Revocations {
  /** Revokes, keeping the time of the first where it is done twice; answers all. */
  add(revocation: Omit<Revocation, "atMs">): readonly Revocation[];
  /** All of them, oldest first. */
  all(): readonly Revocation[];
}

export function createRevocations(sql: Sql, clock: Clock): Revocations {
  const all = (): readonly Revocation[] =>
    sql.all("SELECT * FROM revocation ORDER BY at_ms, kind, value").map(toRevocation);
  return {
    all,
    add({ kind, value }) {
      sql.all("INSERT OR IGNORE INTO revocation VALUES (?, ?, ?)", kind, value, clock.now());
      return all();
    },
  };
}

const toRevocation = (row: Row): Revocation => ({
  kind: text(row, "kind") === "kid" ? "kid" : "subject",
  value: text(row, "value"),
  atMs: number(row, "at_ms"),
});
