// Owns the algorithms of HTTP signatures (RFC 9421 section 3.3) on the platform's own cryptography.
import { keyFault } from "./key.ts";

/** As they are named in the registry of RFC 9421 section 6.2. */
export type SignatureAlgorithm =
  | "rsa-pss-sha512"
  | "rsa-v1_5-sha256"
  | "hmac-sha256"
  | "ecdsa-p256-sha256"
  | "ecdsa-p384-sha384"
  | "ed25519";

/** A key with the one algorithm it is for. */
export interface SignatureKey {
  readonly alg: SignatureAlgorithm;
  readonly key: CryptoKey;
}

interface Recipe {
  /** The JOSE algorithm whose rules for keys hold. */
  readonly jose: string;
  readonly importAs: Readonly<Record<string, unknown>> & { readonly name: string };
  readonly use: Readonly<Record<string, unknown>> & { readonly name: string };
}

const RECIPES: Readonly<Record<SignatureAlgorithm, Recipe>> = {
  "rsa-pss-sha512": {
    jose: "PS512",
    importAs: { name: "RSA-PSS", hash: "SHA-512" },
    use: { name: "RSA-PSS", saltLength: 64 },
  },
  "rsa-v1_5-sha256": {
    jose: "RS256",
    importAs: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
    use: { name: "RSASSA-PKCS1-v1_5" },
  },
  "hmac-sha256": {
    jose: "HS256",
    importAs: { name: "HMAC", hash: "SHA-256" },
    use: { name: "HMAC" },
  },
  "ecdsa-p256-sha256": {
    jose: "ES256",
    importAs: { name: "ECDSA", namedCurve: "P-256" },
    use: { name: "ECDSA", hash: "SHA-256" },
  },
  "ecdsa-p384-sha384": {
    jose: "ES384",
    importAs: { name: "ECDSA", namedCurve: "P-384" },
    use: { name: "ECDSA", hash: "SHA-384" },
  },
  ed25519: { jose: "EdDSA", importAs: { name: "Ed25519" }, use: { name: "Ed25519" } },
};

/** A JWK for one algorithm; null where it does not fit or is too weak. `usage` `sign` needs the private half. */
export async function importSignatureKey(
  alg: SignatureAlgorithm,
  jwk: JsonWebKey,
  usage: "sign" | "verify",
): Promise<SignatureKey | null> {
  const { jose, importAs } = RECIPES[alg];
  const { kty, crv, n, e, k, x, y, d, p, q, dp, dq, qi } = jwk;
  if (keyFault({ kty, crv, n, e, k } as Parameters<typeof keyFault>[0], jose) !== null) return null;
  const secret = usage === "sign" ? { d, p, q, dp, dq, qi } : {};
  const parts = { kty, crv, n, e, k, x, y, ...secret };
  const bare = Object.fromEntries(
    Object.entries(parts).filter(([, part]) => part !== undefined),
  ) as unknown as JsonWebKey;
  try {
    return { alg, key: await crypto.subtle.importKey("jwk", bare, importAs, false, [usage]) };
  } catch {
    return null;
  }
}

/** Whether the signature over the text is by this key. */
export async function isSignedBy(
  { alg, key }: SignatureKey,
  signature: Uint8Array<ArrayBuffer>,
  text: string,
): Promise<boolean> {
  try {
    const bytes = new TextEncoder().encode(text);
    return await crypto.subtle.verify(RECIPES[alg].use, key, signature, bytes);
  } catch {
    return false;
  }
}

/** Signs the text. */
export async function signText({ alg, key }: SignatureKey, text: string): Promise<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  return new Uint8Array(await crypto.subtle.sign(RECIPES[alg].use, key, bytes));
}
