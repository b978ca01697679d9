// Keys and proofs of one isolate, as the filters use them; wraps mesh/identity and holds its memories.
import { SESSION_SLOT_MS, type IdentityLevel } from "../contract/identity.ts";
import type { Reason } from "../contract/reasons.ts";
import { authenticate, type ProofTarget } from "../identity/authenticate.ts";
import { CAPABILITY_PROOF, isStrongEnough, parseProof } from "../identity/envelope.ts";
import type { Keyring } from "../identity/keyring.ts";
import {
  createSessionMemo,
  createSessionMinter,
  slotEndMs,
  slotOf,
  type SessionMemo,
} from "../identity/session.ts";
import type { Verified as IdentityVerified } from "../identity/verdict.ts";
import type { CoveredFields, MintedProof, ProofBox, Verified } from "../pipeline/isolate.ts";
import type { RequestProofs, WholeLate } from "./late.ts";

type LateOf = () => WholeLate | null;

/** A proof box over a keyring. */
export function createProofBox(ring: Keyring, late: LateOf): ProofBox {
  const minter = createSessionMinter(ring);
  const memo = createSessionMemo();
  const known = new Map<string, number>();
  const doubted = new Map<string, number>();
  let admit: ProofBox["admitNonce"] | null = null;
  return {
    mint(audience, level, covered, nowMs, isSeed) {
      if (level === "capability") return CAPABILITY;
      if (level !== "session") return requestsOf(late).mint(ring, audience, covered, nowMs, isSeed);
      const minted = isSeed ? minter.mintFromSeed(audience, nowMs) : minter.mint(audience, nowMs);
      return minted === null ? null : { text: minted.text, isDegraded: minted.degraded };
    },
    isInDoubt: (audience, nowMs) =>
      doubted.size > 0 && nowMs < (doubted.get(audience) ?? Number.NEGATIVE_INFINITY),
    doubt: (audience, nowMs) => void doubted.set(audience, nowMs + DOUBT_MS),
    recall(proof, level, nowMs) {
      // A proof of one request comes once: not even its hash is made.
      const recalled = isStrongEnough("session", level) ? memo.recall(proof, nowMs) : null;
      return recalled === null ? null : toVerified(recalled, late);
    },
    verify: (proof, bound, level, covered, nowMs) =>
      verify(ring, late, { proof, bound, level, covered, nowMs }),
    isKnown: (principal, nowMs) => known.get(principal) === slotOf(nowMs),
    accept(text, verified, nowMs) {
      if (known.size >= MOST_KNOWN) known.clear();
      known.set(verified.principal, slotOf(nowMs));
      const proof = verified.kind === "session" ? parseProof(text) : null;
      if (proof?.kind !== "session") return;
      const { principal, isDegraded } = verified;
      const caller = {
        ok: true,
        kind: "session",
        principal,
        kid: proof.kid,
        degraded: isDegraded,
      } as const;
      memo.remember(text, caller, Math.min(slotEndMs(proof.slot), nowMs + 2 * SESSION_SLOT_MS));
    },
    admitNonce(tag, isSafe, nowMs) {
      admit ??= requestsOf(late).createNonces(nowMs);
      return admit(tag, isSafe, nowMs);
    },
  };
}

/** How long an audience that did not know our epoch is taken not to know it; it learns it when control is back. */
const DOUBT_MS = 5000;
/** Principals remembered per slot; past it the next call reads its props again. */
const MOST_KNOWN = 1024;

const CAPABILITY: MintedProof = { text: CAPABILITY_PROOF, isDegraded: false };

interface Claim {
  readonly proof: string;
  readonly bound: () => string;
  readonly level: IdentityLevel;
  readonly covered: () => CoveredFields;
  readonly nowMs: number;
}

/** Acceptance, not verification, is what the memo keeps: it forgets nothing here and learns nothing. */
const NO_MEMO: SessionMemo = { recall: () => null, remember: () => undefined };

function verify(ring: Keyring, late: LateOf, claim: Claim): Verified | Reason {
  // At `capability` the binding's props are enough, whatever the caller could prove.
  if (claim.level === "capability" && claim.proof === "")
    return { principal: claim.bound(), kind: "capability", isDegraded: false };
  const target: ProofTarget = {
    level: claim.level,
    verifyRequest: (proof) => requestsOf(late).verify(ring, proof, claim.covered(), claim.nowMs),
    attested: claim.bound,
  };
  const verdict = authenticate(ring, NO_MEMO, claim.proof, target, claim.nowMs);
  return verdict.ok ? toVerified(verdict, late) : verdict.reason;
}

function toVerified(verdict: IdentityVerified, late: LateOf): Verified {
  if (verdict.kind === "request") return requestsOf(late).read(verdict);
  const { principal, kind, degraded } = verdict;
  return { principal, kind, isDegraded: degraded };
}

/** A request proof that came before the late part is not given to the box (authenticate loads it first). */
function requestsOf(late: LateOf): RequestProofs {
  const requests = late()?.requests;
  if (requests === undefined) throw new Error("no late part");
  return requests;
}
