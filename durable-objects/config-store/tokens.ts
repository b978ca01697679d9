// Owns who may speak to control: tokens by name, of which only a digest is kept, each with a role and an end.
import type { ControlToken, Role } from "../../mesh/contract/state.ts";
import type { Clock } from "../clock.ts";
import { type Row, type Sql, number, text } from "../sql.ts";

export interface Tokens {
  /** The token of a digest; null for none, or one that has ended. */
  find(digest: string): ControlToken | null;
  all(): readonly ControlToken[];
  /** False where the name is taken. */
  add(token: Omit<ControlToken, "createdMs">, digest: string): boolean;
  /** False where there is none of the name. */
  remove(name: string): boolean;
}

export function createTokens(sql: Sql, clock: Clock): Tokens {
  return {
    find(digest) {
      const query = "SELECT * FROM token WHERE digest = ? AND expires_ms > ?";
      const row = sql.all(query, digest, clock.now())[0];
      return row ? toToken(row) : null;
    },
    all: () => sql.all("SELECT * FROM token ORDER BY name").map(toToken),
    add({ name, role, by, expiresMs }, digest) {
      const made = sql.all(
        "INSERT OR IGNORE INTO token VALUES (?, ?, ?, ?, ?, ?) RETURNING name",
        name,
        role,
        digest,
        by,
        clock.now(),
        expiresMs,
      );
      return made.length > 0;
    },
    remove: (name) => sql.all("DELETE FROM token WHERE name = ? RETURNING name", name).length > 0,
  };
}

const toToken = (row: Row): ControlToken => ({
  name: text(row, "name"),
  role: text(row, "role") as Role,
  by: text(row, "by"),
  createdMs: number(row, "created_ms"),
  expiresMs: number(row, "expires_ms"),
});
