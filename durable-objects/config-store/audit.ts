// Owns the audit trail: who changed what by which operation, newest first, bounded.
import { type AuditEntry, ISSUED_KEYS, ISSUED_TOKEN } from "../../mesh/contract/state.ts";
import type { Clock } from "../clock.ts";
import { type Row, type Sql, number, text } from "../sql.ts";

/** Entries kept; older ones are dropped as new ones come. */
const ENTRIES = 50_000;
/** Of those about keys and tokens that were issued, fewer: they must not crowd out what people did. */
const ISSUED_ENTRIES = 10_000;
/** One in so many entries looks for those. */
const LOOK_EVERY = 100;
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
      const [added] = sql.all(
        "INSERT INTO audit (at_ms, by, action, status, subject) VALUES (?, ?, ?, ?, ?) RETURNING id",
        clock.now(),
        by,
        action,
        status,
        subject.slice(0, MAX_TEXT),
      );
      sql.all("DELETE FROM audit WHERE id <= (SELECT MAX(id) FROM audit) - ?", ENTRIES);
      if (number(added, "id") % LOOK_EVERY === 0) dropIssued(sql);
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

function dropIssued(sql: Sql): void {
  sql.all(
    `DELETE FROM audit WHERE action IN (?1, ?2) AND id <=
       (SELECT id FROM audit WHERE action IN (?1, ?2) ORDER BY id DESC LIMIT 1 OFFSET ?3)`,
    ISSUED_KEYS,
    ISSUED_TOKEN,
    ISSUED_ENTRIES,
  );
}

const toEntry = (row: Row): AuditEntry => ({
  id: number(row, "id"),
  atMs: number(row, "at_ms"),
  by: text(row, "by"),
  action: text(row, "action"),
  status: number(row, "status"),
  subject: text(row, "subject"),
});
