// Proofs of level `request`, as the proof box uses them: late, since few destinations ask for them.
import { admitNonce, createNonceMemory } from "../algorithms/replay/nonces.ts";
import { HEDDLE_ANSWER } from "../contract/headers.ts";
import { word } from "../identity/base64url.ts";
import { NO_DIGEST } from "../identity/digest.ts";
import { mintAnswer, mintRequest, verifyAnswer, verifyRequest } from "../identity/request.ts";
import type { VerifiedRequest } from "../identity/verdict.ts";
import type { RequestProofs } from "./late.ts";
import { freshNonce } from "./clock.ts";

function proved(request: VerifiedRequest, response: Response): Response {
  // Each look at a part of a response is a call of the runtime.
  const { status, headers } = response;
  const contentType = headers.get("content-type") ?? "";
  const proof = mintAnswer(request.keys, request, { status, contentType }, NO_DIGEST);
  try {
    headers.set(HEDDLE_ANSWER, proof);
    return response;
  } catch {
    // Headers of a response that came from elsewhere cannot be changed: a copy can.
    const made = new Response(response.body, response);
    made.headers.set(HEDDLE_ANSWER, proof);
    return made;
  }
}

export const requestProofs: RequestProofs = {
  mint(ring, audience, covered, nowMs, isSeed) {
    const use = isSeed ? ring.seedPairFor(audience, nowMs) : ring.pairFor(audience, nowMs);
    if (use === null) return null;
    const minted = mintRequest(ring, use, audience, covered, covered.digest, nowMs, freshNonce());
    return {
      text: minted.text,
      isDegraded: use.degraded,
      checkAnswer: (header, status, contentType) => {
        const verdict = verifyAnswer(use.keys, minted, { status, contentType }, header);
        return verdict.ok ? verdict.digest : null;
      },
    };
  },
  verify: verifyRequest,
  read: (verdict) => ({
    principal: verdict.principal,
    kind: verdict.kind,
    isDegraded: verdict.degraded,
    request: {
      nonce: verdict.nonce,
      mac: verdict.mac,
      isSafe: verdict.isSafe,
      digest: verdict.digest,
      prove: (response) => proved(verdict, response),
    },
  }),
  createNonces(bornMs) {
    const memory = createNonceMemory(bornMs);
    return (tag, isSafe, nowMs) => {
      const verdict = admitNonce(memory, word(tag, 0), word(tag, 5), isSafe, nowMs);
      if (verdict === "fresh") return null;
      return verdict === "seen" ? "replay" : "shed";
    };
  },
};
