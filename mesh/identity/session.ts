// Owns the session proof: one MAC per caller, audience and slot, memoised by whoever mints and whoever verifies.
// Must not look at revocations: who is revoked is asked at each call, by the filter.
import { REQUEST_AHEAD_MS, SESSION_SLOT_MS } from "../contract/identity.ts";
import type { SessionProof } from "./envelope.ts";
import { formatSession } from "./envelope.ts";
import type { Keyring, PairUse } from "./keyring.ts";
import { isEqualText, macOf } from "./mac.ts";
import type { Refused, VerifiedCaller } from "./verdict.ts";
import { refused } from "./verdict.ts";

/** Verified proofs an isolate remembers; a slot has one per caller, so 4,096 callers fit at least twice over. */
const MAX_REMEMBERED = 4096;

/** A session proof ready to send. */
export interface MintedSession {
  readonly text: string;
  readonly kid: string;
  readonly slot: number;
  readonly degraded: boolean;
}

/** Mints session proofs and keeps the last per audience; null when no key for the audience is known. */
export interface SessionMinter {
  mint(audience: string, nowMs: number): MintedSession | null;
  /** From the deploy seed, once the callee answered `unknown_epoch`. */
  mintFromSeed(audience: string, nowMs: number): MintedSession | null;
}

/** Remembers verified session proofs by their text. */
export interface SessionMemo {
  /** What the text proved, while its slot lasts; null when it must be verified. */
  recall(text: string, nowMs: number): VerifiedCaller | null;
  remember(text: string, verified: VerifiedCaller, untilMs: number): void;
}

/** The slot an instant lies in. */
export const slotOf = (nowMs: number): number => Math.floor(nowMs / SESSION_SLOT_MS);

/** When a slot's proofs end: with the end of the slot after it. */
export const slotEndMs = (slot: number): number => (slot + 2) * SESSION_SLOT_MS;

/** The text of a session proof, made anew. */
export const mintSession = (
  ring: Keyring,
  use: PairUse,
  audience: string,
  nowMs: number,
): string => {
  const slot = slotOf(nowMs);
  const parts = sessionParts(ring.trustDomain, use.kid, ring.workload, audience, slot);
  const mac = macOf(use.keys.request, parts);
  return formatSession({ kid: use.kid, subject: ring.workload, audience, slot, mac });
};

/** Makes a minter over a keyring; memory is one text per audience and key source. */
export const createSessionMinter = (ring: Keyring): SessionMinter => {
  const minted = new Map<string, MintedSession>();
  const seeded = new Map<string, MintedSession>();
  const renew = (
    memo: Map<string, MintedSession>,
    use: PairUse | null,
    audience: string,
    nowMs: number,
  ): MintedSession | null => {
    if (use === null) return null;
    const slot = slotOf(nowMs);
    const known = memo.get(audience);
    if (known !== undefined && known.slot === slot && known.kid === use.kid) return known;
    const made = {
      text: mintSession(ring, use, audience, nowMs),
      kid: use.kid,
      slot,
      degraded: use.degraded,
    };
    memo.set(audience, made);
    return made;
  };
  return {
    mint: (audience, nowMs) => renew(minted, ring.pairFor(audience, nowMs), audience, nowMs),
    mintFromSeed: (audience, nowMs) =>
      renew(seeded, ring.seedPairFor(audience, nowMs), audience, nowMs),
  };
};

/** Verifies a session proof meant for the keyring's workload; takes this slot, the last, and the next 5 s early. */
export const verifySession = (
  ring: Keyring,
  proof: SessionProof,
  nowMs: number,
): VerifiedCaller | Refused => {
  if (proof.audience !== ring.workload) return refused("wrong_audience");
  const isEarly = nowMs + REQUEST_AHEAD_MS < proof.slot * SESSION_SLOT_MS;
  if (isEarly || nowMs >= slotEndMs(proof.slot)) return refused("stale");
  const keys = ring.callerKeys(proof.subject, proof.kid, nowMs);
  if (keys === null) return refused("unknown_epoch");
  const parts = sessionParts(
    ring.trustDomain,
    proof.kid,
    proof.subject,
    proof.audience,
    proof.slot,
  );
  if (!isEqualText(macOf(keys.request, parts), proof.mac)) return refused("bad_mac");
  ring.keepCaller(proof.subject, proof.kid, keys);
  return {
    ok: true,
    kind: "session",
    principal: proof.subject,
    kid: proof.kid,
    degraded: proof.kid.startsWith("s"),
  };
};

/** Makes a memo of at most `cap` proofs; the oldest goes first. */
export const createSessionMemo = (cap: number = MAX_REMEMBERED): SessionMemo => {
  const known = new Map<string, { readonly verified: VerifiedCaller; readonly untilMs: number }>();
  return {
    recall(text, nowMs) {
      // A text that was never seen is dear to look up.
      const entry = known.size === 0 ? undefined : known.get(text);
      return entry !== undefined && nowMs < entry.untilMs ? entry.verified : null;
    },
    remember(text, verified, untilMs) {
      known.delete(text);
      const oldest = known.size >= cap ? known.keys().next() : null;
      if (oldest !== null && oldest.done !== true) known.delete(oldest.value);
      known.set(text, { verified, untilMs });
    },
  };
};

const sessionParts = (
  trustDomain: string,
  kid: string,
  subject: string,
  audience: string,
  slot: number,
): readonly string[] => ["heddle/session/1", trustDomain, kid, subject, audience, String(slot)];
