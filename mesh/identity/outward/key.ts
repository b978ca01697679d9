// Owns which public keys are good enough to verify with, and for what (RFC 7517, RFC 7518, RFC 8725 section 3).

/** A key as JSON (RFC 7517), as far as it is read here. */
export interface Jwk {
  readonly kty?: string;
  readonly kid?: string;
  readonly alg?: string;
  readonly use?: string;
  readonly key_ops?: readonly string[];
  readonly crv?: string;
  readonly x?: string;
  readonly y?: string;
  readonly n?: string;
  readonly e?: string;
  readonly k?: string;
}

export type KeyFault = "alg-key-mismatch" | "weak-key" | "key-use";

const CURVES: Readonly<Record<string, string>> = { ES256: "P-256", ES384: "P-384", ES512: "P-521" };
/** Bits of a shared secret: at least those of the hash (RFC 7518 section 3.2). */
const HASH_BYTES: Readonly<Record<string, number>> = { HS256: 32, HS384: 48, HS512: 64 };
const MIN_MODULUS_BYTES = 256;
const USES = new Set(["sig", "jwt-svid", "wit-svid"]);

/** Why a key may not verify a signature of this algorithm; null: it may. Members of another JSON type are a fault. */
export function keyFault(key: Jwk, alg: string): KeyFault | null {
  if (!fits(key, alg)) return "alg-key-mismatch";
  if (key.alg !== undefined && key.alg !== alg) return "alg-key-mismatch";
  if (key.use !== undefined && !USES.has(key.use)) return "key-use";
  if (!mayVerify(key.key_ops)) return "key-use";
  return isWeak(key, alg) ? "weak-key" : null;
}

/** What came in a bundle may be anything: it is looked at before it is used. */
const mayVerify = (operations: unknown): boolean =>
  operations === undefined || (Array.isArray(operations) && operations.includes("verify"));

function fits({ kty, crv }: Jwk, alg: string): boolean {
  if (Object.hasOwn(CURVES, alg)) return kty === "EC" && crv === CURVES[alg];
  if (Object.hasOwn(HASH_BYTES, alg)) return kty === "oct";
  if (alg === "EdDSA" || alg === "Ed25519") return kty === "OKP" && crv === "Ed25519";
  return /^[RP]S(?:256|384|512)$/.test(alg) && kty === "RSA";
}

function isWeak({ n = "", e = "", k = "", kty }: Jwk, alg: string): boolean {
  if (kty === "oct") return lengthOf(k) < (HASH_BYTES[alg] ?? 0);
  if (kty !== "RSA") return false;
  const modulus = numberOf(n);
  const exponent = numberOf(e);
  if (modulus === null || exponent === null) return true;
  const bytes = modulus.toString(16).length / 2;
  return bytes < MIN_MODULUS_BYTES || exponent < 3n || exponent % 2n === 0n || isRoca(modulus);
}

/** Bytes behind base64url. */
const lengthOf = (base64url: unknown): number =>
  typeof base64url === "string" ? Math.floor((base64url.length * 3) / 4) : 0;

function numberOf(base64url: unknown): bigint | null {
  if (
    typeof base64url !== "string" ||
    !/^[A-Za-z0-9_-]+$/.test(base64url) ||
    base64url.length % 4 === 1
  )
    return null;
  const binary = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  const hex = Array.from(binary, (char) => char.charCodeAt(0).toString(16).padStart(2, "0"));
  return BigInt(`0x${hex.join("")}`);
}

/** Primes whose subgroup of 65537 is a small part of all residues, so that a good key fails one of them. */
const MARKERS = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101,
  103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
] as const;

/** Powers of 65537 modulo a prime. */
function powersOf(prime: number): ReadonlySet<number> {
  const powers = new Set<number>();
  for (let power = 1; !powers.has(power); power = (power * (65_537 % prime)) % prime)
    powers.add(power);
  return powers;
}

/**
 * Whether a modulus bears the mark of the weak generator of CVE-2017-15361 ("The Return of Coppersmith's Attack",
 * Nemec and others, 2017, section 2): its remainder by every one of the first primes is a power of 65537.
 */
function isRoca(modulus: bigint): boolean {
  return MARKERS.every((prime) => powersOf(prime).has(Number(modulus % BigInt(prime))));
}
