// Owns what the late part offers to the isolate itself, beside what it offers to filters.
import type { RequestProof } from "../identity/envelope.ts";
import type { Keyring } from "../identity/keyring.ts";
import type { Refused, VerifiedRequest } from "../identity/verdict.ts";
import type {
  CallRecord,
  CoveredFields,
  MintedProof,
  ProofBox,
  Verified,
} from "../pipeline/isolate.ts";
import type { Late } from "../pipeline/late.ts";

/** Everything in the late part. */
export interface WholeLate extends Late {
  readonly requests: RequestProofs;
  /** The key that signed a table, as the one held leads to it; null where it does not. */
  readonly followKey: (bytes: Uint8Array, held: JsonWebKey) => Promise<JsonWebKey | null>;
  /** A line of the access log: one JSON object. */
  readonly logLine: (call: CallRecord, isDegraded: boolean, nowMs: number) => string;
}

/** What the proof box does at level `request`. */
export interface RequestProofs {
  /** Null: no key for the audience. */
  mint(
    ring: Keyring,
    audience: string,
    covered: CoveredFields,
    nowMs: number,
    isSeed: boolean,
  ): MintedProof | null;
  verify(
    ring: Keyring,
    proof: RequestProof,
    covered: CoveredFields,
    nowMs: number,
  ): VerifiedRequest | Refused;
  /** What the filters get of a verified one. */
  read(verdict: VerifiedRequest): Verified;
  /** Makes an isolate's memory of nonces, as `ProofBox.admitNonce` asks it. */
  createNonces(nowMs: number): ProofBox["admitNonce"];
}
