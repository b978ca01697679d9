// Owns the text of a proof, the second half of the `heddle` header (docs/wire.md, "Proof"):
//   session     1~s~<kid>~<sub>~<aud>~<slot>~<mac>
//   request     1~r~<kid>~<sub>~<aud>~<tsMs>~<nonce>~<digest>~<mac>
//   capability  1~c
// A reader takes any version from 1 up and ignores fields behind those it knows. Must not verify anything.
import type { IdentityLevel } from "../contract/identity.ts";
import { PROOF_FORMAT } from "../contract/identity.ts";
import { integerIn } from "../contract/integer.ts";
import { isBase64url } from "./base64url.ts";
import { NO_DIGEST } from "./digest.ts";

/** Longest proof that is read, in characters. */
export const MAX_PROOF_CHARS = 1024;

/** Somebody holds a binding; who, is in its props. */
export interface CapabilityProof {
  readonly kind: "capability";
}

/** A caller to an audience in one slot of `SESSION_SLOT_MS`. */
export interface SessionProof {
  readonly kind: "session";
  readonly kid: string;
  /** Workload `ns/name` of the caller. */
  readonly subject: string;
  /** Workload `ns/name` it is meant for. */
  readonly audience: string;
  readonly slot: number;
  readonly mac: string;
}

/** A caller asking exactly one thing. */
export interface RequestProof {
  readonly kind: "request";
  readonly kid: string;
  readonly subject: string;
  readonly audience: string;
  readonly tsMs: number;
  readonly nonce: string;
  /** SHA-256 of the body in base64url, or `-`. */
  readonly digest: string;
  readonly mac: string;
}

export type Proof = CapabilityProof | SessionProof | RequestProof;

const VERSION = /^[1-9]\d{0,3}$/;
const KID = /^[es](?:0|[1-9]\d{0,11})$/;
const WORKLOAD = /^[A-Za-z0-9._-]{1,253}\/[A-Za-z0-9._-]{1,253}$/;
const INTEGER = /^(?:0|[1-9]\d{0,14})$/;
const HASH = /^[A-Za-z0-9_-]{43}$/;
/** Characters of a digest and of a MAC. */
const HASH_CHARS = 43;

const STRENGTH: Readonly<Record<IdentityLevel, number>> = {
  capability: 0,
  session: 1,
  request: 2,
  strict: 2,
};

/** Reads a proof; null when it is not one. Never throws. */
export const parseProof = (text: string): Proof | null => {
  if (text.length > MAX_PROOF_CHARS) return null;
  if (!text.startsWith(party.head)) {
    const fields = cut(text, 0);
    if (!VERSION.test(fields[0] ?? "")) return null;
    if (fields[1] === "c") return { kind: "capability" };
    if (!isParty(fields)) return null;
    party = partyOf(fields);
  }
  const start = party.head.length;
  return party.kind === "s" ? readSession(party, cut(text, start)) : readRequest(party, text);
};

/** The first five fields of a proof: who proves to whom with which key. */
interface Party {
  /** As written, with the tilde behind it. */
  readonly head: string;
  readonly kind: string;
  readonly kid: string;
  readonly subject: string;
  readonly audience: string;
}

/** Who was read last: proofs of one caller come in a row, and what was found well-formed need not be read again. */
let party: Party = { head: "\n", kind: "", kid: "", subject: "", audience: "" };

const isParty = (fields: readonly string[]): boolean =>
  (fields[1] === "s" || fields[1] === "r") &&
  fields.length > 5 &&
  isAt(fields, 2, KID) &&
  isAt(fields, 3, WORKLOAD) &&
  isAt(fields, 4, WORKLOAD);

const partyOf = (fields: readonly string[]): Party => {
  const [, kind = "", kid = "", subject = "", audience = ""] = fields;
  return { head: `${fields.slice(0, 5).join("~")}~`, kind, kid, subject, audience };
};

/** What stands between tildes. `split` of the runtime keeps what it has split, and is dear for a text seen once. */
const cut = (text: string, start: number): readonly string[] => {
  const fields: string[] = [];
  for (let from = start, end = 0; end >= 0; from = end + 1) {
    end = text.indexOf("~", from);
    fields.push(end < 0 ? text.slice(from) : text.slice(from, end));
  }
  return fields;
};

/** Whether a proof of this kind is enough for a destination of this level; `strict` asks an object besides. */
export const isStrongEnough = (kind: Proof["kind"], level: IdentityLevel): boolean =>
  STRENGTH[kind] >= STRENGTH[level];

/** The proof of level `capability`. */
export const CAPABILITY_PROOF: string = `${PROOF_FORMAT}~c`;

/** Writes a session proof. */
export const formatSession = (proof: Omit<SessionProof, "kind">): string =>
  `${PROOF_FORMAT}~s~${proof.kid}~${proof.subject}~${proof.audience}~${proof.slot}~${proof.mac}`;

/** Writes a request proof. */
export const formatRequest = (proof: Omit<RequestProof, "kind">): string =>
  `${PROOF_FORMAT}~r~${proof.kid}~${proof.subject}~${proof.audience}~${proof.tsMs}~${proof.nonce}~${proof.digest}~${proof.mac}`;

const readSession = (
  { kid, subject, audience }: Party,
  fields: readonly string[],
): SessionProof | null => {
  if (!isAt(fields, 0, INTEGER) || !isAt(fields, 1, HASH)) return null;
  const [slot, mac = ""] = fields;
  return { kind: "session", kid, subject, audience, slot: Number(slot), mac };
};

/** Of every call: reads in place, and without expressions, which cost as much as a block of the MAC each. */
const readRequest = (
  { head, kid, subject, audience }: Party,
  text: string,
): RequestProof | null => {
  const first = text.indexOf("~", head.length);
  const second = text.indexOf("~", first + 1);
  const third = text.indexOf("~", second + 1);
  if (first < 0 || second < first || third < second) return null;
  const fourth = text.indexOf("~", third + 1);
  const end = fourth < 0 ? text.length : fourth;
  const tsMs = timeIn(text, head.length, first);
  const digest = digestIn(text, second + 1, third);
  const chars = second - first - 1;
  const isForm = tsMs >= 0 && chars >= 16 && chars <= 64 && end - third - 1 === HASH_CHARS;
  if (!isForm || digest === null) return null;
  if (!isBase64url(text, first + 1, second) || !isBase64url(text, third + 1, end)) return null;
  const nonce = text.slice(first + 1, second);
  const mac = text.slice(third + 1, end);
  return { kind: "request", kid, subject, audience, tsMs, nonce, digest, mac };
};

/** As a number writes it, without zeros before it; -1 for anything else. */
const timeIn = (text: string, start: number, end: number): number =>
  end > start + 1 && text.startsWith("0", start) ? -1 : integerIn(text, start, end, 15);

/** Null for what is no digest. */
const digestIn = (text: string, start: number, end: number): string | null => {
  if (end - start === 1 && text.startsWith(NO_DIGEST, start)) return NO_DIGEST;
  const isForm = end - start === HASH_CHARS && isBase64url(text, start, end);
  return isForm ? text.slice(start, end) : null;
};

const isAt = (fields: readonly string[], index: number, form: RegExp): boolean =>
  form.test(fields[index] ?? "");
