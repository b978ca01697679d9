// Owns the text of a proof, the second half of the `heddle` header (docs/wire.md, "Proof"):
//   session     1~s~<kid>~<sub>~<aud>~<slot>~<mac>
//   request     1~r~<kid>~<sub>~<aud>~<tsMs>~<nonce>~<digest>~<mac>
//   capability  1~c
// A reader takes any version from 1 up and ignores fields behind those it knows. Must not verify anything.
import type { IdentityLevel } from "../contract/identity.ts";
import { PROOF_FORMAT } from "../contract/identity.ts";

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
const NONCE = /^[A-Za-z0-9_-]{16,64}$/;
const HASH = /^[A-Za-z0-9_-]{43}$/;
const DIGEST = /^(?:-|[A-Za-z0-9_-]{43})$/;

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
  const fields = cut(text, party.head.length);
  return party.kind === "s" ? readSession(party, fields) : readRequest(party, fields);
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

const readRequest = (
  { kid, subject, audience }: Party,
  fields: readonly string[],
): RequestProof | null => {
  if (!isAt(fields, 0, INTEGER) || !isAt(fields, 1, NONCE)) return null;
  if (!isAt(fields, 2, DIGEST) || !isAt(fields, 3, HASH)) return null;
  const [tsMs, nonce = "", digest = "", mac = ""] = fields;
  return { kind: "request", kid, subject, audience, tsMs: Number(tsMs), nonce, digest, mac };
};

const isAt = (fields: readonly string[], index: number, form: RegExp): boolean =>
  form.test(fields[index] ?? "");
