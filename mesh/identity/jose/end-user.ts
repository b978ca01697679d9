// Owns verifying tokens of end users (RFC 7519, RFC 8725): by the keys of the issuer they name and no others. Nothing
// is fetched, whatever a header says, and every fault denies.
import type { UserIssuer } from "../../contract/policy.ts";
import { type Jws, SVID_ALGORITHMS, parseJws } from "../outward/compact.ts";
import type { Jwk } from "../outward/key.ts";
import { memberOf, parseStrictObject } from "../outward/strict-json.ts";
import { bearerOf } from "./bearer.ts";
import { checkJws } from "./jws.ts";

type Claims = Readonly<Record<string, unknown>>;

/** Claims that may be believed and whose they are, or why there are none. */
export type UserVerdict =
  | { readonly claims: Claims; readonly issuer: UserIssuer }
  | { readonly fault: string };

/** Public keys only: whoever verifies must not be able to sign. */
const ALGORITHMS = [...SVID_ALGORITHMS, "EdDSA", "Ed25519"];
/** Tokens of another kind never pass for one of these (RFC 8725 section 3.11); RFC 9068 names access tokens. */
const TYPES: readonly unknown[] = [undefined, "jwt", "at+jwt", "application/at+jwt"];
/** Clocks may differ by so much. */
const LEEWAY_S = 30;
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Verifies the token in a header Authorization of scheme Bearer at an instant, ms since the epoch. */
export async function verifyUser(
  authorization: string,
  issuers: readonly UserIssuer[],
  nowMs: number,
): Promise<UserVerdict> {
  const bearer = bearerOf([authorization]);
  if ("fault" in bearer) return bearer;
  const jws = parseJws(bearer.token, ALGORITHMS);
  if (typeof jws === "string") return { fault: jws };
  const typ = memberOf(jws.header, "typ");
  if (!TYPES.includes(typeof typ === "string" ? typ.toLowerCase() : typ)) return { fault: "typ" };
  const claims = claimsOf(jws);
  if (typeof claims === "string") return { fault: claims };
  const iss = memberOf(claims, "iss");
  let fault = "untrusted-issuer";
  for (const issuer of issuers) {
    if (issuer.issuer !== iss) continue;
    const found = (await signatureFault(jws, issuer.keys)) ?? faultOf(claims, issuer, nowMs / 1000);
    if (found === null) return { claims, issuer };
    fault = found;
  }
  return { fault };
}

function claimsOf({ payload }: Jws): Claims | string {
  try {
    return parseStrictObject(decoder.decode(payload));
  } catch {
    return "malformed";
  }
}

/** A key that is named is the one; without a name there must be no choice. */
async function signatureFault(jws: Jws, keys: UserIssuer["keys"]): Promise<string | null> {
  const kid = memberOf(jws.header, "kid");
  const meant = (keys as readonly Jwk[]).filter((key) => kid === undefined || key.kid === kid);
  const [key] = meant;
  if (key === undefined || meant.length > 1) return "unknown-key";
  return checkJws(jws, key);
}

function faultOf(claims: Claims, { audiences }: UserIssuer, nowS: number): string | null {
  const exp = memberOf(claims, "exp");
  if (exp === undefined) return "exp-missing";
  if (!isTime(exp)) return "exp-type";
  if (exp + LEEWAY_S <= nowS) return "expired";
  return (
    laterFault(memberOf(claims, "nbf"), nowS, ["nbf-type", "not-yet-valid"]) ??
    laterFault(memberOf(claims, "iat"), nowS, ["iat-type", "iat-in-future"]) ??
    (audiences === undefined ? null : audienceFault(memberOf(claims, "aud"), audiences))
  );
}

/** Of a time that must have come, where it is told. */
function laterFault(
  time: unknown,
  nowS: number,
  [ofType, ofTime]: readonly [string, string],
): string | null {
  if (time === undefined) return null;
  if (!isTime(time)) return ofType;
  return time - LEEWAY_S > nowS ? ofTime : null;
}

function audienceFault(aud: unknown, audiences: readonly string[]): string | null {
  if (aud === undefined) return "aud-missing";
  const named: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  return audiences.some((audience) => named.includes(audience)) ? null : "aud-mismatch";
}

const isTime = (value: unknown): value is number =>
  typeof value === "number" && Number.isFinite(value) && value >= 0;
