// Owns who is believed by the table's chunk `trust`: its keys as bundles, and what each domain may say.
import type { TrustChunk } from "../../contract/trust.ts";
import type { TrustBundle } from "./bundle.ts";
import { CHECKED_ALGORITHMS, checkHere } from "./check.ts";
import type { Jwk } from "./key.ts";
import { memberOf } from "./strict-json.ts";
import {
  verifyRequestBy,
  verifyResponseBy,
  type Message,
  type ProofRules,
  type ProofVerdict,
} from "./wimse.ts";

/** From 5 s early to 30 s late, for which an isolate remembers nonces: no longer than they are remembered. */
const SKEW_S = 5;
const MAX_AGE_S = 25;

/** Who proved a message, or why it is not believed; the word is for log and metric only. */
export type Believed = { readonly subject: string } | { readonly fault: string };

const known = new WeakMap<TrustChunk, ProofRules["bundles"]>();

/** Keys by trust domain; made once per chunk. */
function bundlesOf(trust: TrustChunk): ProofRules["bundles"] {
  let bundles = known.get(trust);
  if (bundles === undefined) {
    bundles = new Map(
      Object.entries(trust.domains).map(([domain, { keys }]): [string, TrustBundle] => [
        domain,
        {
          keys: new Map((keys as readonly Jwk[]).map((key) => [key.kid ?? "", key])),
          otherUse: new Set(),
          sequence: null,
          refreshS: null,
        },
      ]),
    );
    known.set(trust, bundles);
  }
  return bundles;
}

const rulesOf = (
  trust: TrustChunk,
  nowMs: number,
  admitNonce: ProofRules["admitNonce"],
): ProofRules => ({
  bundles: bundlesOf(trust),
  nowS: Math.floor(nowMs / 1000),
  admitNonce,
  skewS: SKEW_S,
  maxAgeS: MAX_AGE_S,
  algorithms: CHECKED_ALGORITHMS,
});

/** Who sends a request that was signed for `authority`: one of ours, since else it was meant for somebody else. */
export async function believeRequest(
  trust: TrustChunk,
  message: Message,
  authority: string,
  nowMs: number,
  admitNonce: ProofRules["admitNonce"],
): Promise<Believed> {
  const verdict = await verifyRequestBy(checkHere, message, {
    ...rulesOf(trust, nowMs, admitNonce),
    // Whether the name it came under is one of ours is asked below, once it is known who asks.
    isAudience: (audience) => authorityOf(audience) === authority,
  });
  const fault = faultOf(trust, verdict);
  if (!verdict.ok || fault !== null) return { fault: fault ?? "" };
  const authorities = trust.domains[verdict.trustDomain]?.authorities ?? [];
  const isOurs = authorities.some((pattern) => isAuthority(pattern, authority));
  return isOurs ? { subject: verdict.subject } : { fault: `not meant for ${authority}` };
}

/** Who answered `message.request`; its signature is part of what is proved, so that no other answer will do. */
export async function believeResponse(
  trust: TrustChunk,
  message: Message,
  answerer: string | undefined,
  nowMs: number,
): Promise<Believed> {
  const verdict = await verifyResponseBy(
    checkHere,
    message,
    rulesOf(trust, nowMs, () => true),
  );
  const fault = faultOf(trust, verdict);
  if (!verdict.ok || fault !== null) return { fault: fault ?? "" };
  if (answerer !== undefined && !isNamed(answerer, verdict.subject))
    return { fault: `answered by ${verdict.subject}` };
  return { subject: verdict.subject };
}

/** Why the proof does not count; null where it does, and its domain may speak for the subject. */
function faultOf(trust: TrustChunk, verdict: ProofVerdict): string | null {
  if (!verdict.ok) return verdict.reason;
  const domain = trust.domains[verdict.trustDomain];
  if (domain === undefined) return "unknown-trust-domain";
  const { subjects, issuers } = domain;
  if (subjects?.some((pattern) => isNamed(pattern, verdict.subject)) === false)
    return `may not speak for ${verdict.subject}`;
  const iss = memberOf(verdict.claims, "iss");
  return issuers?.some((issuer) => issuer === iss) === false ? "issuer" : null;
}

/** A prefix ends with a whole segment: `/pay/*` says nothing of `/payroll`. */
const isNamed = (pattern: string, subject: string): boolean =>
  pattern.endsWith("/*") ? subject.startsWith(pattern.slice(0, -1)) : pattern === subject;

/** Of a URI; empty where it has none. */
const authorityOf = (uri: string): string => (URL.canParse(uri) ? new URL(uri).host : "");

/** A pattern without a port is of any. */
function isAuthority(pattern: string, authority: string): boolean {
  const given = /:\d+$/.test(pattern) ? authority : authority.replace(/:\d+$/, "");
  return pattern.startsWith("*.")
    ? given.endsWith(pattern.slice(1)) && given.length >= pattern.length
    : pattern === given;
}
