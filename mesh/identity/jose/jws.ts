// Owns checking JSON Web Signatures with any algorithm jose knows; outward/compact.ts has read them.
import { compactVerify, importJWK, type JWK } from "jose";
import { parseJws, SVID_ALGORITHMS, type CheckJws, type JwsFault } from "../outward/compact.ts";
import { keyFault, type Jwk } from "../outward/key.ts";
import { memberOf } from "../outward/strict-json.ts";

/** Checks the signature with one key; null: it is good. */
export const checkJws: CheckJws = async ({ compact, alg }, key) => {
  const fault = keyFault(key, alg);
  if (fault !== null) return fault;
  try {
    await compactVerify(compact, await importJWK(stripped(key), alg), { algorithms: [alg] });
    return null;
  } catch {
    return "bad-signature";
  }
};

/** The key alone: what else its set says of it has been read. */
function stripped({ kty, crv, x, y, n, e, k }: Jwk): JWK {
  const key: Readonly<Record<string, unknown>> = { kty, crv, x, y, n, e, k };
  return Object.fromEntries(Object.entries(key).filter(([, value]) => value !== undefined));
}

/** Algorithms that are known at all; a key says which one it is for. */
const KNOWN = new Set([...SVID_ALGORITHMS, "HS256", "HS384", "HS512", "EdDSA", "Ed25519"]);

/**
 * Verifies a compact serialization with one key or a set of keys (RFC 7517); null: it is good. The key has to name its
 * algorithm, and a set may not mix shared secrets with public keys: whoever holds the one must not pass for the other.
 */
export async function verifyJws(
  compact: string,
  key: Jwk | { readonly keys: readonly Jwk[] },
): Promise<JwsFault | null> {
  const keys =
    "keys" in key && Array.isArray(key.keys) ? (key.keys as readonly Jwk[]) : [key as Jwk];
  const secrets = keys.filter(({ kty }) => kty === "oct").length;
  if (secrets > 0 && secrets < keys.length) return "alg-key-mismatch";
  const algorithms = keys.flatMap(({ alg }) => (alg !== undefined && KNOWN.has(alg) ? [alg] : []));
  const jws = parseJws(compact, algorithms.length > 0 ? algorithms : SVID_ALGORITHMS);
  if (typeof jws === "string") return jws;
  const kid = memberOf(jws.header, "kid");
  const meant = keys.filter(
    (held) => kid === undefined || held.kid === undefined || held.kid === kid,
  );
  const [only] = meant;
  if (only === undefined || meant.length > 1) return "unknown-key";
  return checkJws(jws, only);
}
