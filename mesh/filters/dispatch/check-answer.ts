// The proof of an answer: late, since only destinations of level `request` sign theirs.
import { HEDDLE_ANSWER } from "../../contract/headers.ts";
import { digestOf, NO_DIGEST } from "../../identity/digest.ts";
import type { OutboundCall } from "../../pipeline/call.ts";
import type { Answered, Body } from "../../pipeline/late.ts";
import { answer, refuse, type Outcome } from "../../pipeline/outcome.ts";

/** An unsigned or foreign answer of a destination that must sign is not delivered. */
export const checkAnswer: Body<OutboundCall, Answered> = (call, { value: response, status }) => {
  // Each look at a part of a response is a call of the runtime.
  const { headers } = response;
  const header = headers.get(HEDDLE_ANSWER);
  const type = headers.get("content-type") ?? "";
  const digest = call.checkAnswer?.(header, status, type) ?? null;
  if (digest === NO_DIGEST) return answer(response, status);
  return checkBody(call, response, digest);
};

async function checkBody(
  call: OutboundCall,
  response: Response,
  digest: string | null,
): Promise<Outcome> {
  const bytes = digest === null ? null : new Uint8Array(await response.arrayBuffer());
  if (bytes !== null && digestOf(bytes) === digest)
    return answer(new Response(response.body && bytes, response), response.status);
  if (bytes === null) await response.body?.cancel();
  return refuse("bad_answer", call.endpoint?.id ?? "");
}
