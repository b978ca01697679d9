// Puts a proof on a call: whichever kind, in one place.
import { HEDDLE } from "../../contract/headers.ts";
import type { IdentityLevel } from "../../contract/identity.ts";
import type { OutboundCall } from "../../pipeline/call.ts";
import type { CoveredFields } from "../../pipeline/isolate.ts";

/** Seals the call with a proof; false where no key for the audience is known. */
export function seal(
  call: OutboundCall,
  contextText: string,
  audience: string,
  level: IdentityLevel,
  covered: CoveredFields,
): boolean {
  const { proofs } = call.isolate;
  const nowMs = call.isolate.now();
  // The audience has just said that it lacks our epoch; the next calls need not hear it again.
  if (call.isSeed === true) proofs.doubt(audience, nowMs);
  call.isSeed ??= proofs.isInDoubt(audience, nowMs);
  const proof = proofs.mint(audience, level, covered, nowMs, call.isSeed);
  // Strict fails closed: what the seed proves does not count there.
  if (proof === null || (proof.isDegraded && level === "strict")) return false;
  call.checkAnswer = proof.checkAnswer ?? null;
  call.envelope = `${contextText}|${proof.text}`;
  if (call.http !== null) call.http.headers[HEDDLE] = call.envelope;
  return true;
}
