// Owns the keys that workload identity tokens are signed with. The bundle names the prepared, the active and the
// retired, so that a verifier knows a key before it is used and as long as a token of it can be good.
import type { Clock } from "../clock.ts";
import { type Sql, number } from "../sql.ts";
import type { SecretRows } from "./secret-rows.ts";
import { type KeyStore, type SigningKeys, createSigningKeys } from "./signing-keys.ts";

/** Life of a key. */
export const TOKEN_KEY_LIFE_MS = 7 * 86_400_000;
/** A verifier that keeps to the bundle's refresh hint knows a prepared key after so long. */
export const REFRESH_HINT_S = 300;

export interface TokenKeys extends SigningKeys {
  /** Public keys a token may be signed with now, active first; and a number that grows with every change. */
  bundle(): Promise<{ readonly keys: readonly JsonWebKey[]; readonly sequence: number }>;
}

export function createTokenKeys(sql: Sql, rows: SecretRows, clock: Clock): TokenKeys {
  const store = { sql, rows, clock };
  const keys = createSigningKeys(
    {
      purpose: "token",
      letter: "w",
      lifeMs: TOKEN_KEY_LIFE_MS,
      hintMs: REFRESH_HINT_S * 1000,
    },
    store,
  );
  return { ...keys, bundle: () => bundleOf(keys, store) };
}

async function bundleOf(
  keys: SigningKeys,
  { sql, clock }: KeyStore,
): ReturnType<TokenKeys["bundle"]> {
  const first = await keys.active();
  const kids = keys
    .slots()
    .filter(({ notAfterMs }) => clock.now() < notAfterMs)
    .map(({ kid }) => kid);
  const listed = [first, ...kids.filter((kid) => kid !== first)].flatMap(
    (kid) => keys.publicKey(kid) ?? [],
  );
  const revoked = sql.all("SELECT COUNT(*) AS n FROM revocation WHERE kind = 'kid'")[0];
  return { keys: listed, sequence: keys.newest() + number(revoked, "n") };
}
