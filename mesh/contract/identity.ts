// Owns the words of identity on the wire: levels, keys and proofs (docs/wire.md, "Proof"). Plain types.

/** What a destination asks of a call's proof, weakest first (docs/security.md). */
export const IDENTITY_LEVELS = ["capability", "session", "request", "strict"] as const;
export type IdentityLevel = (typeof IDENTITY_LEVELS)[number];

export const PROOF_FORMAT = 1;
/** Length of the slot a session proof holds for. */
export const SESSION_SLOT_MS = 10_000;
/** Set where a bundle is made for a mesh whose epochs are short, to see them pass. */
declare const HEDDLE_EPOCH_MS: number | undefined;
/** Length of a key epoch. */
export const EPOCH_MS: number =
  typeof HEDDLE_EPOCH_MS === "undefined" ? 3_600_000 : HEDDLE_EPOCH_MS;
/** Window of a request proof: at most this old, at most `REQUEST_AHEAD_MS` early. */
export const REQUEST_WINDOW_MS = 30_000;
export const REQUEST_AHEAD_MS = 5_000;
/** A warm isolate goes on with its last keys for this long when no newer ones can be had. */
export const KEY_GRACE_MS = 86_400_000;

/** A deploy seed is good for this long: 90 days (docs/security.md). */
export const SEED_LIFE_MS = 7_776_000_000;

/** A secret of an audience (kept by it) or a pair seed (kept by a caller), base64url of 32 bytes. */
export interface WireKey {
  /** `e<epoch>`, or `s<slot>` for the deploy seed. */
  readonly kid: string;
  readonly secret: string;
}

/** All keys one workload needs: its own audience secrets, and a pair seed per upstream workload. */
export interface KeySet {
  readonly audience: readonly WireKey[];
  readonly pairs: Readonly<Record<string, readonly WireKey[]>>;
}

/** A key set wrapped under a Worker's HEDDLE_KEK: AES-256-GCM, AAD `heddle/seed/1|<workload>`. */
export interface WrappedKeys {
  readonly format: number;
  readonly workload: string;
  readonly iv: string;
  readonly sealed: string;
  readonly notAfterMs: number;
}

/**
 * What can be revoked: a workload `ns/name`, a key id, all calls of one workload to another, `ns/caller>ns/callee`, for
 * good as a binding, as a session until the keys of that time have ended, or one version of a workload, `ns/name@tag`.
 */
export const REVOCATION_KINDS = ["subject", "kid", "session", "binding", "version"] as const;

/** One revocation. */
export interface Revocation {
  readonly kind: (typeof REVOCATION_KINDS)[number];
  readonly value: string;
  readonly atMs: number;
}
