// Owns the rows of Issuer's secrets: sealed at rest, kept open in memory once read.
import type { Clock } from "../clock.ts";
import { type Row, type Sql, blob, text, toBlob } from "../sql.ts";
import type { Seal } from "./seal.ts";

/** One secret to be kept. */
export interface NewSecret {
  readonly kid: string;
  readonly purpose: "table" | "epoch" | "seed" | "token";
  readonly notAfterMs: number;
  readonly secret: Uint8Array<ArrayBuffer>;
  readonly publicKey?: JsonWebKey;
}

export interface SecretRows {
  find(kid: string): Row | null;
  /** Keeps a secret; where another call was faster, the other one stays and is answered. */
  keep(secret: NewSecret): Promise<Row>;
  open(row: Row): Promise<Uint8Array<ArrayBuffer>>;
  /** Every row, oldest first; secrets sealed. */
  all(): readonly Row[];
  /** Drops what ended before an instant. */
  drop(purpose: NewSecret["purpose"], beforeMs: number): void;
  /** Drops one. */
  forget(kid: string): void;
}

export function createSecretRows(sql: Sql, seal: Seal, clock: Clock): SecretRows {
  const opened = new Map<string, Uint8Array<ArrayBuffer>>();
  const find = (kid: string): Row | null =>
    sql.all("SELECT * FROM secret WHERE kid = ?", kid)[0] ?? null;
  return {
    find,
    async keep({ kid, purpose, notAfterMs, secret, publicKey }) {
      const { iv, sealed } = await seal.seal(kid, secret);
      sql.all(
        "INSERT OR IGNORE INTO secret VALUES (?, ?, ?, ?, ?, ?, ?)",
        kid,
        purpose,
        clock.now(),
        notAfterMs,
        publicKey ? JSON.stringify(publicKey) : null,
        toBlob(iv),
        toBlob(sealed),
      );
      const row = find(kid);
      if (!row) throw new Error(`key ${kid} was not kept`);
      return row;
    },
    async open(row) {
      const kid = text(row, "kid");
      const known = opened.get(kid);
      if (known) return known;
      const secret = await seal.open(kid, { iv: blob(row, "iv"), sealed: blob(row, "sealed") });
      opened.set(kid, secret);
      return secret;
    },
    all: () => sql.all("SELECT * FROM secret ORDER BY created_ms, kid"),
    drop(purpose, beforeMs) {
      const gone = sql.all(
        "DELETE FROM secret WHERE purpose = ? AND not_after_ms < ? RETURNING kid",
        purpose,
        beforeMs,
      );
      for (const row of gone) opened.delete(text(row, "kid"));
    },
    forget(kid) {
      sql.all("DELETE FROM secret WHERE kid = ?", kid);
      opened.delete(kid);
    },
  };
}

/** Seals anew every secret that `before` opens; those that it does not open stay as they are. */
export async function sealAnew(sql: Sql, before: Seal, seal: Seal): Promise<void> {
  for (const row of sql.all("SELECT * FROM secret")) {
    const kid = text(row, "kid");
    const held = { iv: blob(row, "iv"), sealed: blob(row, "sealed") };
    const secret = await before.open(kid, held).catch(() => null);
    if (secret === null) continue;
    const { iv, sealed } = await seal.seal(kid, secret);
    sql.all("UPDATE secret SET iv = ?, sealed = ? WHERE kid = ?", toBlob(iv), toBlob(sealed), kid);
  }
}
