// Owns which revocations are in force: all but sessions whose keys have ended.
import { KEY_GRACE_MS, type Revocation } from "../../contract/identity.ts";

/** Those that still mean something. */
export const inForce = (revocations: readonly Revocation[], nowMs: number): readonly Revocation[] =>
  revocations.filter(({ kind, atMs }) => kind !== "session" || nowMs < atMs + KEY_GRACE_MS);
