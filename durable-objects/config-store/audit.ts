// Owns the audit trail: who changed what by which operation, newest first, bounded.
import type { AuditEntry } from "../../mesh/contract/state.ts";
import type { Clock } from "../clock.ts";
import { type Row, type Sql, number, text } from "../sql.ts";

/** Entries kept; older ones are dropped as new ones come. */
const ENTRIES = 50_000;
/** Longest text of an entry, in characters. */
const MAX_TEXT = 2000;

export interface Audit {
  add(entry: Omit<AuditEntry, "id" | "atMs">): void;
  /** At most so many, those before an id where one is given (0: the newest). */
  read(most: number, beforeId: number): readonly AuditEntry[];
}

export function createAudit(sql: Sql, clock: Clock): Audit {
  return {
    add({ by, action, status, subject }) {
      sql.all(
        "INSERT INTO audit (at_ms, by, action, status, subject) VALUES (?, ?, ?, ?, ?)",
        clock.now(),
        by,
        action,
        status,
        subject.slice(0, MAX_TEXT),
      );
      sql.all("DELETE FROM audit WHERE id <= (SELECT MAX(id) FROM audit) - ?", ENTRIES);
    },
    read: (most, beforeId) =>
      sql
        .all(
          "SELECT * FROM audit WHERE (?1 = 0 OR id < ?1) ORDER BY id DESC LIMIT ?2",
          beforeId,
          most,
        )
        .map(toEntry),
  };
}

const toEntry = (row: Row): AuditEntry => ({
  id: number(row, "id"),
  atMs: number(row, "at_ms"),
  by: text(row, "by"),
  action: text(row, "action"),
  status: number(row, "status"),
  subject: text(row, "subject"),
});
