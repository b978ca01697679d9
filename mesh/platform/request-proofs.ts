// Proofs of level `request`, as the proof box uses them: late, since few destinations ask for them.
import { admitNonce, createNonceMemory } from "../algorithms/replay/nonces.ts";
import { HEDDLE_ANSWER } from "../contract/headers.ts";
import { word } from "../identity/base64url.ts";
import { digestOf, EMPTY_DIGEST, NO_DIGEST } from "../identity/digest.ts";
import { mintAnswer, mintRequest, verifyAnswer, verifyRequest } from "../identity/request.ts";
import type { VerifiedRequest } from "../identity/verdict.ts";
import { MOST_HELD_BYTES, readAtMost } from "../pipeline/body.ts";
import type { Verified } from "../pipeline/isolate.ts";
import type { RequestProofs } from "./late.ts";
import { freshNonce } from "./clock.ts";

/** What this isolate's nonces begin with, made at the first one, since none may be made at birth; and how many there were. */
let born = "";
let nonces = 0;

/** No callee must see two alike within a window, but it may foresee them: a number is a call of the runtime less. */
function nextNonce(): string {
  if (born === "") born = freshNonce();
  return born + (nonces++).toString(36);
}

/** What the answer is an answer to. */
type Served = Parameters<NonNullable<Verified["request"]>["prove"]>[2];

/** Over the body too where the table asks for it; one that is too long goes on, uncovered, from where it was read. */
function proved(
  request: VerifiedRequest,
  response: Response,
  status: number,
  served: Served,
): Promise<Response> | Response {
  const { isolate } = served;
  if (
    isolate.table()?.isBodied(isolate.workload) !== true ||
    !isWaitedFor(response, status, served)
  )
    return signed(request, response, status, NO_DIGEST);
  return response.body === null
    ? signed(request, response, status, EMPTY_DIGEST)
    : withBody(request, response, status, response.body);
}

/** Events never end, a HEAD has no body, and what the runtime compresses has another one at the other end. */
function isWaitedFor({ headers }: Response, status: number, { request }: Served): boolean {
  const isEvents = headers.get("content-type")?.startsWith("text/event-stream") === true;
  const isLong = Number(headers.get("content-length") ?? 0) > MOST_HELD_BYTES;
  const isOther = isEvents || isLong || headers.has("content-encoding");
  return status !== 101 && request?.method !== "HEAD" && !isOther;
}

async function withBody(
  request: VerifiedRequest,
  response: Response,
  status: number,
  body: ReadableStream<Uint8Array>,
): Promise<Response> {
  const [read, kept] = body.tee();
  const bytes = await readAtMost(read);
  if (bytes === null) return signed(request, new Response(kept, response), status, NO_DIGEST);
  await kept.cancel();
  return signed(request, new Response(bytes, response), status, digestOf(bytes));
}

function signed(
  request: VerifiedRequest,
  response: Response,
  status: number,
  digest: string,
): Response {
  // Each look at a part of a response is a call of the runtime.
  const { headers } = response;
  const contentType = headers.get("content-type") ?? "";
  const proof = mintAnswer(request.keys, request, { status, contentType }, digest);
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
    const minted = mintRequest(ring, use, audience, covered, covered.digest, nowMs, nextNonce());
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
      prove: (response, status, served) => proved(verdict, response, status, served),
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
