// Owns the request proof and the proof of its answer: one MAC each over everything that was asked and answered.
// Must not read bodies: it is given digests (digest.ts) and says what they must be.
import { PROOF_FORMAT, REQUEST_AHEAD_MS, REQUEST_WINDOW_MS } from "../contract/identity.ts";
import type { PairKeys } from "./derive.ts";
import { EMPTY_DIGEST, NO_DIGEST, digestOf } from "./digest.ts";
import type { RequestProof } from "./envelope.ts";
import { formatRequest } from "./envelope.ts";
import type { Keyring, PairUse } from "./keyring.ts";
import { isEqualText, isMacOf, macOf } from "./mac.ts";
import type { Refused, VerifiedRequest } from "./verdict.ts";
import { refused } from "./verdict.ts";

/** What a request proof covers. For RPC: `rpc`, the audience, `Entrypoint.member.path`, and the rest as noted. */
export interface RequestFields {
  /** As sent; `rpc` for RPC. */
  readonly method: string;
  /** By `canonicalAuthority`; for RPC the audience's workload. */
  readonly authority: string;
  /** Raw, never decoded. */
  readonly path: string;
  /** Raw, without `?`; empty for RPC. */
  readonly query: string;
  /** The context half of the `heddle` header exactly as sent. */
  readonly context: string;
  /** Empty where there is none. */
  readonly contentType: string;
}

/** What is kept of a minted request proof to verify its answer. */
export interface MintedRequest {
  readonly text: string;
  readonly nonce: string;
  readonly mac: string;
}

/** What an answer's proof covers beside the request. */
export interface AnswerFields {
  /** HTTP status; 200 or 500 for RPC, a value or an error. */
  readonly status: number;
  readonly contentType: string;
}

/** Characters of the request's MAC that its answer covers: 132 bits, so that most answers fit one block. */
const REQUEST_TAG_CHARS = 22;
const VERSION = /^[1-9]\d{0,3}$/;
const DIGEST = /^[\w-]{43}$/;
const OWN_VERSION = String(PROOF_FORMAT);

/** Lower case and without the scheme's default port, as both sides must see it. */
export const canonicalAuthority = (authority: string, isHttps: boolean): string => {
  const port = isHttps ? ":443" : ":80";
  return (authority.endsWith(port) ? authority.slice(0, -port.length) : authority).toLowerCase();
};

/**
 * Makes a request proof. `digest` is that of the body (EMPTY_DIGEST for a body known to be empty, `-` where it is not
 * digested); `nonce` is 16 to 64 characters of base64url or a UUID, fresh for every attempt.
 */
export const mintRequest = (
  ring: Keyring,
  use: PairUse,
  audience: string,
  fields: RequestFields,
  digest: string,
  nowMs: number,
  nonce: string,
): MintedRequest => {
  const mac = macOf(use.keys.request, requestParts({ tsMs: nowMs, nonce, digest }, fields));
  const { kid } = use;
  const subject = ring.workload;
  return {
    text: formatRequest({ kid, subject, audience, tsMs: nowMs, nonce, digest, mac }),
    nonce,
    mac,
  };
};

/** Verifies a request proof against what was in fact asked; the body is the caller's to check (`isBodyProved`). */
export const verifyRequest = (
  ring: Keyring,
  proof: RequestProof,
  fields: RequestFields,
  nowMs: number,
): VerifiedRequest | Refused => {
  if (proof.audience !== ring.workload) return refused("wrong_audience");
  const ageMs = nowMs - proof.tsMs;
  if (ageMs > REQUEST_WINDOW_MS || ageMs < -REQUEST_AHEAD_MS) return refused("stale");
  const keys = ring.callerKeys(proof.subject, proof.kid, nowMs);
  if (keys === null) return refused("unknown_epoch");
  if (!isMacOf(keys.request, requestParts(proof, fields), proof.mac)) return refused("bad_mac");
  ring.keepCaller(proof.subject, proof.kid, keys);
  const { subject: principal, kid, nonce, digest, mac } = proof;
  return {
    ok: true,
    kind: "request",
    principal,
    kid,
    degraded: kid.startsWith("s"),
    nonce,
    digest,
    isSafe: fields.method === "GET" || fields.method === "HEAD",
    mac,
    keys,
  };
};

/** Whether the body is the proved one; true for `-`, which proves none. */
export const isBodyProved = (digest: string, body: Uint8Array): boolean =>
  digest === NO_DIGEST || isEqualText(digest, digestOf(body));

/** Makes the text of the `heddle-answer` header: `1~<digest>~<mac>`. */
export const mintAnswer = (
  keys: PairKeys,
  request: { readonly nonce: string; readonly mac: string },
  fields: AnswerFields,
  digest: string,
): string => {
  const mac = macOf(keys.answer, answerParts(request, fields, digest));
  return `${PROOF_FORMAT}~${digest}~${mac}`;
};

/** Verifies a `heddle-answer` header against the request that was sent; gives the digest its body must have, or `-`. */
export const verifyAnswer = (
  keys: PairKeys,
  request: { readonly nonce: string; readonly mac: string },
  fields: AnswerFields,
  text: string | null,
): { readonly ok: true; readonly digest: string } | Refused => {
  const header = text ?? "";
  const first = header.indexOf("~");
  const second = header.indexOf("~", first + 1);
  const third = header.indexOf("~", second + 1);
  const digest = header.slice(first + 1, second);
  const mac = header.slice(second + 1, third < 0 ? header.length : third);
  const isForm = second > first && isVersion(header, first) && isDigest(digest);
  return isForm && isMacOf(keys.answer, answerParts(request, fields, digest), mac)
    ? { ok: true, digest }
    : refused("bad_answer");
};

const isVersion = (header: string, end: number): boolean =>
  (end === OWN_VERSION.length && header.startsWith(OWN_VERSION)) ||
  VERSION.test(header.slice(0, end));

const isDigest = (digest: string): boolean => digest === NO_DIGEST || DIGEST.test(digest);

// Trust domain, key id, subject and audience are not among the fields: the key is derived from them (derive.ts).
// Labels are short, and a body known to be empty is `0`, which no digest is: each block of 64 bytes costs on both sides.
const requestParts = (
  proof: Pick<RequestProof, "digest" | "tsMs" | "nonce">,
  fields: RequestFields,
): readonly string[] => [
  "r",
  fields.method,
  fields.authority,
  fields.path,
  fields.query,
  fields.context,
  fields.contentType,
  proof.digest === EMPTY_DIGEST ? "0" : proof.digest,
  String(proof.tsMs),
  proof.nonce,
];

const answerParts = (
  request: { readonly mac: string },
  fields: AnswerFields,
  digest: string,
): readonly string[] => [
  "a",
  // The request's tag covers its nonce; no two requests of a pair share this much of theirs.
  request.mac.slice(0, REQUEST_TAG_CHARS),
  String(fields.status),
  fields.contentType,
  digest,
];
