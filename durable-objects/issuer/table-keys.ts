// Owns the keys that tables are signed with. Each is vouched for by the one before, and the table carries what says so:
// whoever was told an older key at its deploy can follow.
import type { SignedBy, TableKeyLink } from "../../mesh/contract/table.ts";
import { toBase64url } from "../../mesh/identity/base64url.ts";
import { MOST_LINKS, vouchedText } from "../../mesh/identity/table-keys.ts";
import { number, text } from "../sql.ts";
import {
  type KeyStore,
  type PublicKey,
  type SigningKeys,
  createSigningKeys,
} from "./signing-keys.ts";

/** Life of a key. */
const LIFE_MS = 180 * 86_400_000;
const FIRST = "t1";
const encoder = new TextEncoder();

export interface TableKeys extends SigningKeys {
  /** Public part of a key, or of the active one. */
  publicPart(kid?: string): Promise<PublicKey>;
  /** The key that signs now, and those since the first, which nobody vouches for. */
  signedBy(): Promise<SignedBy>;
}

export function createTableKeys(store: KeyStore): TableKeys {
  adoptFirst(store);
  const { sql } = store;
  const keys: SigningKeys = createSigningKeys(
    { purpose: "table", letter: "t", lifeMs: LIFE_MS, hintMs: 0 },
    store,
    async (kid, sign) => {
      const made = Number(kid.slice(1));
      if (made === 1) return;
      const { x = "", y = "" } = keys.publicKey(kid) as PublicKey;
      const signature = await sign(made - 1, encoder.encode(vouchedText({ kid, x, y })));
      sql.all(
        "INSERT OR IGNORE INTO vouched VALUES (?, ?, ?, ?, ?)",
        made,
        kid,
        x,
        y,
        toBase64url(signature),
      );
      sql.all("DELETE FROM vouched WHERE number <= ?", made - MOST_LINKS);
    },
  );
  return {
    ...keys,
    async publicPart(kid) {
      const found = keys.publicKey(kid ?? (await keys.active()));
      if (found === null) throw new Error(`table key ${kid} is gone`);
      return found;
    },
    async signedBy() {
      const by = await keys.active();
      const links = sql.all("SELECT * FROM vouched ORDER BY number").map((row): TableKeyLink => ({
        kid: text(row, "kid"),
        x: text(row, "x"),
        y: text(row, "y"),
        signature: text(row, "signature"),
      }));
      return { by, links };
    },
  };
}

/** The first key was made when keys had no slots. */
function adoptFirst({ sql, rows, clock }: KeyStore): void {
  const row = rows.find(FIRST);
  if (!row || sql.all("SELECT kid FROM slot WHERE kid = ?", FIRST).length > 0) return;
  const madeMs = number(row, "created_ms");
  sql.all("INSERT INTO slot VALUES (?, 1, ?, ?, ?)", FIRST, madeMs, madeMs, clock.now() + LIFE_MS);
}
