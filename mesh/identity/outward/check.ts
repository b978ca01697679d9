// Checks the signature of a token on the platform's own cryptography, where jose may not be: of the algorithms that meshes
// and SPIFFE implementations sign with.
import { decode, type CheckJws } from "./compact.ts";
import { keyFault } from "./key.ts";
import { importSignatureKey, isSignedBy, type SignatureAlgorithm } from "./signature-key.ts";

/** By their JOSE names (RFC 7518 section 3.1). */
const ALGORITHMS: Readonly<Record<string, SignatureAlgorithm>> = {
  ES256: "ecdsa-p256-sha256",
  ES384: "ecdsa-p384-sha384",
  RS256: "rsa-v1_5-sha256",
};
/** What can be checked here. */
export const CHECKED_ALGORITHMS: readonly string[] = Object.keys(ALGORITHMS);

export const checkHere: CheckJws = async ({ compact, alg }, jwk) => {
  const fault = keyFault(jwk, alg);
  if (fault !== null) return fault;
  const algorithm = ALGORITHMS[alg];
  const key = algorithm && (await importSignatureKey(algorithm, jwk as JsonWebKey, "verify"));
  const cut = compact.lastIndexOf(".");
  const signature = decode(compact.slice(cut + 1));
  if (!key || signature === null) return "bad-signature";
  const isGood = await isSignedBy(key, new Uint8Array(signature), compact.slice(0, cut));
  return isGood ? null : "bad-signature";
};
