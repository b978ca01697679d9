// Owns the callee's whole decision about a proof, in order: is there one, is it known, is it one, is it strong enough,
// does it verify. Must not ask about revocation, replay or policy: filters do.
import type { IdentityLevel } from "../contract/identity.ts";
import type { RequestProof, SessionProof } from "./envelope.ts";
import { isStrongEnough, parseProof } from "./envelope.ts";
import type { Keyring } from "./keyring.ts";
import type { SessionMemo } from "./session.ts";
import { slotEndMs, verifySession } from "./session.ts";
import type { Refused, Verified } from "./verdict.ts";
import { refused } from "./verdict.ts";

/** What a proof is checked against; both functions are called only when their kind of proof came. */
export interface ProofTarget {
  readonly level: IdentityLevel;
  /** Verifies a request proof against what was asked (request.ts); given, so that only its users carry it. */
  readonly verifyRequest: (proof: RequestProof) => Verified | Refused;
  /** The workload the binding's props attest, for a capability proof; empty where there are none. */
  readonly attested: () => string;
}

/**
 * Says who calls: `text` is the second half of the `heddle` header, empty where there is none.
 * A memoised session costs one Map.get. A proof from the deploy seed is too weak for `strict`.
 */
export const authenticate = (
  ring: Keyring,
  memo: SessionMemo,
  text: string,
  target: ProofTarget,
  nowMs: number,
): Verified | Refused => {
  if (text === "") return refused("unauthenticated");
  const known = memo.recall(text, nowMs);
  if (known !== null)
    return isStrongEnough(known.kind, target.level) ? known : refused("weak_proof");
  const proof = parseProof(text);
  if (proof === null) return refused("malformed");
  if (!isStrongEnough(proof.kind, target.level)) return refused("weak_proof");
  switch (proof.kind) {
    case "session":
      return fromSession(ring, memo, text, proof, nowMs);
    case "request":
      return fromRequest(proof, target);
    case "capability":
      return fromProps(target.attested());
  }
};

const fromSession = (
  ring: Keyring,
  memo: SessionMemo,
  text: string,
  proof: SessionProof,
  nowMs: number,
): Verified | Refused => {
  const verdict = verifySession(ring, proof, nowMs);
  if (verdict.ok) memo.remember(text, verdict, slotEndMs(proof.slot));
  return verdict;
};

const fromRequest = (proof: RequestProof, target: ProofTarget): Verified | Refused => {
  const verdict = target.verifyRequest(proof);
  return verdict.ok && verdict.degraded && target.level === "strict"
    ? refused("weak_proof")
    : verdict;
};

const fromProps = (principal: string): Verified | Refused =>
  principal === ""
    ? refused("unauthenticated")
    : { ok: true, kind: "capability", principal, kid: "", degraded: false };
