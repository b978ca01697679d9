// Owns what verifying a proof comes to: who it is, or the reason it is nobody.
import type { Reason } from "../contract/reasons.ts";
import type { PairKeys } from "./derive.ts";

/** The reasons a proof or an answer's proof can be refused for. */
export type ProofReason = Extract<
  Reason,
  | "malformed"
  | "unauthenticated"
  | "bad_mac"
  | "bad_digest"
  | "wrong_audience"
  | "stale"
  | "unknown_epoch"
  | "weak_proof"
  | "bad_answer"
>;

/** A caller that only shows a binding's props, or proved itself for a slot. */
export interface VerifiedCaller {
  readonly ok: true;
  readonly kind: "capability" | "session";
  /** Workload `ns/name` of the caller. */
  readonly principal: string;
  /** The key it proved with, for the revocation check; empty at `capability`. */
  readonly kid: string;
  /** Proved from the deploy seed. */
  readonly degraded: boolean;
}

/** A caller that proved this very request. */
export interface VerifiedRequest {
  readonly ok: true;
  readonly kind: "request";
  readonly principal: string;
  readonly kid: string;
  readonly degraded: boolean;
  /** Remember it with the principal, for `REQUEST_WINDOW_MS + REQUEST_AHEAD_MS`. */
  readonly nonce: string;
  /** What the body must hash to, or `-`. */
  readonly digest: string;
  /** A GET or HEAD was proved. */
  readonly isSafe: boolean;
  /** The request's MAC; the answer's MAC covers it. */
  readonly mac: string;
  /** To prove the answer with. */
  readonly keys: PairKeys;
}

export type Verified = VerifiedCaller | VerifiedRequest;

export interface Refused {
  readonly ok: false;
  readonly reason: ProofReason;
}

/** A refusal. */
export const refused = (reason: ProofReason): Refused => ({ ok: false, reason });
