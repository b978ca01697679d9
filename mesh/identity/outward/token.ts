// Owns the verdict over a token from outside, a JWT-SVID or a WIT, past what JWT libraries check.
import type { TrustBundle } from "./bundle.ts";
import {
  parseJws,
  SVID_ALGORITHMS,
  utf8,
  type CheckJws,
  type Jws,
  type JwsFault,
} from "./compact.ts";
import { parseSpiffeId, type SpiffeId, type SpiffeIdFault } from "./spiffe-id.ts";
import { memberOf, parseStrictObject } from "./strict-json.ts";

/** What a token is checked against. */
export interface TokenRules {
  /** Own and federated trust domains; only a domain's own keys speak for it. */
  readonly bundles: ReadonlyMap<string, TrustBundle>;
  /** The SPIFFE id of whoever checks; one of the token's audiences has to be it, letter by letter. */
  readonly audience: string;
  readonly nowS: number;
  /** Clock difference that is forgiven, s. Default: 30. */
  readonly leewayS?: number;
  /** Longest time between issue and end, s. Default: no bound. */
  readonly maxLifetimeS?: number;
  /** Default: what JWT-SVIDs may be signed by; `EdDSA` may be added between meshes. */
  readonly algorithms?: readonly string[];
  /** Default: `svid`. A `wit` names no audience: it proves nothing without the key it carries (WIMSE). */
  readonly kind?: "svid" | "wit";
}

export type TokenFault =
  | JwsFault
  | "header-not-allowed"
  | "typ"
  | "kid-missing"
  | "sub-missing"
  | "sub-type"
  | "sub-syntax"
  | `sub-syntax:${SpiffeIdFault}`
  | "unknown-trust-domain"
  | "key-of-other-trust-domain"
  | "aud-missing"
  | "aud-mismatch"
  | "exp-missing"
  | "exp-type"
  | "expired"
  | "nbf-type"
  | "not-yet-valid"
  | "iat-type"
  | "iat-in-future"
  | "lifetime";

export type TokenVerdict =
  | {
      readonly ok: true;
      readonly subject: string;
      readonly id: SpiffeId;
      readonly claims: Readonly<Record<string, unknown>>;
    }
  | { readonly ok: false; readonly reason: TokenFault };

type Claims = Readonly<Record<string, unknown>>;

/** Verifies a token; `check` holds its signature against a key. Nothing is fetched, and every fault denies. */
export async function verifyTokenBy(
  check: CheckJws,
  token: string,
  rules: TokenRules,
): Promise<TokenVerdict> {
  const jws = parseJws(token, rules.algorithms ?? SVID_ALGORITHMS);
  if (typeof jws === "string") return refused(jws);
  const kind = rules.kind ?? "svid";
  const header = headerFault(jws, TYPES[kind]);
  if (header !== null) return refused(header);
  const claims = claimsOf(jws);
  if (typeof claims === "string") return refused(claims);
  const id = subjectOf(claims);
  if (typeof id === "string") return refused(id);
  const fault =
    (await signatureFault(check, jws, id.trustDomain, rules.bundles)) ??
    (kind === "wit" ? witFault(claims) : audienceFault(claims, rules.audience)) ??
    timeFault(claims, rules);
  return fault === null
    ? { ok: true, subject: memberOf(claims, "sub") as string, id, claims }
    : refused(fault);
}

const refused = (reason: TokenFault): TokenVerdict => ({ ok: false, reason });

const HEADER = new Set(["alg", "kid", "typ"]);
/** What `typ` may say, undefined for nothing: one kind of token never passes for another (RFC 8725 section 3.11). */
const TYPES: Readonly<Record<"svid" | "wit", readonly unknown[]>> = {
  svid: [undefined, "JWT", "JOSE"],
  wit: ["wit+jwt"],
};

/** Only `alg`, `kid` and `typ` may stand in the header (JWT-SVID.md section 2): a key or an address never comes along. */
function headerFault({ header }: Jws, types: readonly unknown[]): TokenFault | null {
  if (Object.keys(header).some((name) => !HEADER.has(name))) return "header-not-allowed";
  if (!types.includes(memberOf(header, "typ"))) return "typ";
  const kid = memberOf(header, "kid");
  if (kid === undefined) return "kid-missing";
  return typeof kid === "string" ? null : "malformed";
}

function claimsOf({ payload }: Jws): Claims | TokenFault {
  const text = utf8(payload);
  const claims = text === null ? "malformed" : parseStrictObject(text);
  return claims === "too-deep" ? "too-large" : claims;
}

function subjectOf(claims: Claims): SpiffeId | TokenFault {
  const sub = memberOf(claims, "sub");
  if (sub === undefined) return "sub-missing";
  if (typeof sub !== "string") return "sub-type";
  if (sub === "") return "sub-syntax";
  const id = parseSpiffeId(sub);
  return typeof id === "string" ? `sub-syntax:${id}` : id;
}

/** The key is looked up in the bundle of the subject's own trust domain and nowhere else. */
async function signatureFault(
  check: CheckJws,
  jws: Jws,
  trustDomain: string,
  bundles: TokenRules["bundles"],
): Promise<TokenFault | null> {
  const bundle = bundles.get(trustDomain);
  if (bundle === undefined) return "unknown-trust-domain";
  const kid = memberOf(jws.header, "kid") as string;
  const key = bundle.keys.get(kid);
  if (key !== undefined) return check(jws, key);
  if (bundle.otherUse.has(kid)) return "key-use";
  if (bundle.keys.size === 0) return "unknown-key";
  const isElsewhere = [...bundles.values()].some(({ keys }) => keys.has(kid));
  return isElsewhere ? "key-of-other-trust-domain" : "unknown-key";
}

/** One that names an audience is a token of another kind: whom a proof is for, its signature says (SPIFFE WIT-SVID). */
const witFault = (claims: Claims): TokenFault | null =>
  memberOf(claims, "aud") === undefined ? null : "aud-mismatch";

function audienceFault(claims: Claims, audience: string): TokenFault | null {
  const aud = memberOf(claims, "aud");
  if (aud === undefined) return "aud-missing";
  const named: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  const isSound = named.every((name) => typeof name === "string");
  return isSound && named.includes(audience) ? null : "aud-mismatch";
}

/** `exp` is needed; a time is on or after it when it has come (RFC 7519 section 4.1.4). */
function timeFault(claims: Claims, rules: TokenRules): TokenFault | null {
  const { nowS, leewayS = 30, maxLifetimeS = Number.POSITIVE_INFINITY } = rules;
  const exp = memberOf(claims, "exp");
  if (exp === undefined) return "exp-missing";
  if (!isTime(exp)) return "exp-type";
  if (exp + leewayS <= nowS) return "expired";
  const start = startFault(claims, nowS, leewayS);
  if (start !== null) return start;
  // One that does not say when it was issued was issued before now.
  const iat = timeOr(nowS, memberOf(claims, "iat"));
  return isTime(iat) && exp - iat > maxLifetimeS ? "lifetime" : null;
}

/** A claim that is left out says nothing; one that is null says something that is no time. */
const timeOr = (otherwise: number, claim: unknown): unknown =>
  claim === undefined ? otherwise : claim;

function startFault(claims: Claims, nowS: number, leewayS: number): TokenFault | null {
  const nbf = timeOr(nowS, memberOf(claims, "nbf"));
  if (!isTime(nbf)) return "nbf-type";
  if (nbf - leewayS > nowS) return "not-yet-valid";
  const iat = timeOr(nowS, memberOf(claims, "iat"));
  if (!isTime(iat)) return "iat-type";
  return iat - leewayS > nowS ? "iat-in-future" : null;
}

const isTime = (value: unknown): value is number =>
  typeof value === "number" && Number.isFinite(value);
