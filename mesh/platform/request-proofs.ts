// Proofs of level `request`, as the proof box uses them: late, since few destinations ask for them.
import { admitNonce, createNonceMemory } from "../algorithms/replay/nonces.ts";
import { HEDDLE_ANSWER } from "../contract/headers.ts";
import { NO_DIGEST } from "../identity/digest.ts";
import { mintAnswer, mintRequest, verifyAnswer, verifyRequest } from "../identity/request.ts";
import type { VerifiedRequest } from "../identity/verdict.ts";
import type { RequestProofs } from "./late.ts";
import { freshNonce } from "./clock.ts";

function proved(request: VerifiedRequest, response: Response): Response {
  const { status } = response;
  const contentType = response.headers.get("content-type") ?? "";
  const proof = mintAnswer(request.keys, request, { status, contentType }, NO_DIGEST);
  try {
    response.headers.set(HEDDLE_ANSWER, proof);
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
      digest: verdict.digest,
      prove: (response) => proved(verdict, response),
    },
  }),
  createNonces(bornMs) {
    const memory = createNonceMemory(bornMs);
    return (nonce, isSafe, nowMs) => {
      const verdict = admitNonce(memory, copyOf(nonce), isSafe, nowMs);
      if (verdict === "fresh") return null;
      return verdict === "seen" ? "replay" : "shed";
    };
  },
};

/** Its own memory: a longer slice would keep alive the whole header that it was cut from (V8 copies up to 12 characters). */
function copyOf(text: string): string {
  let copy = "";
  for (let at = 0; at < text.length; at += 12) copy += text.slice(at, at + 12);
  return copy;
}
