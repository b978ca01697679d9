// Owns the key tables are signed with: ES256, made once, the private part sealed.
import { text } from "../sql.ts";
import type { SecretRows } from "./secret-rows.ts";

export interface TableKey {
  readonly privateKey: CryptoKey;
  readonly publicKey: JsonWebKey & { readonly kid: string };
}

const ECDSA = { name: "ECDSA", namedCurve: "P-256" } as const;
const KID = "t1";

/** The table key; made at the first call. */
export async function loadTableKey(rows: SecretRows): Promise<TableKey> {
  const row = rows.find(KID) ?? (await make(rows));
  const secret = await rows.open(row);
  const privateKey = await crypto.subtle.importKey("pkcs8", secret, ECDSA, false, ["sign"]);
  const publicKey = { ...(JSON.parse(text(row, "public")) as JsonWebKey), kid: KID };
  return { privateKey, publicKey };
}

async function make(rows: SecretRows): ReturnType<SecretRows["keep"]> {
  const pair = await crypto.subtle.generateKey(ECDSA, true, ["sign", "verify"]);
  if (!("privateKey" in pair)) throw new Error("no key pair was made");
  const secret = await crypto.subtle.exportKey("pkcs8", pair.privateKey);
  const jwk = await crypto.subtle.exportKey("jwk", pair.publicKey);
  if (!(secret instanceof ArrayBuffer) || jwk instanceof ArrayBuffer) throw new Error("no key");
  const { kty, crv, x, y } = jwk;
  return rows.keep({
    kid: KID,
    purpose: "table",
    notAfterMs: Number.MAX_SAFE_INTEGER,
    secret: new Uint8Array(secret),
    publicKey: { kty, crv, x, y, alg: "ES256", use: "sig" } as JsonWebKey,
  });
}
