// Owns the last step of the way in: the application's own handler or method, and the proof of its answer.
import { HEDDLE_ANSWER } from "../../contract/headers.ts";
import { NO_DIGEST } from "../../identity/digest.ts";
import type { InboundCall } from "../../pipeline/call.ts";
import { answer, fail, type Outcome } from "../../pipeline/outcome.ts";

/** Terminal of the inbound chain; an exception of the application is an outcome and reaches the caller as it is. */
export async function run(call: InboundCall): Promise<Outcome> {
  try {
    const value = await call.run();
    if (!(value instanceof Response) || call.rpc !== null) return answer(value, 0);
    const { status } = value;
    return answer(proved(call, status === 101 ? call.upgraded(value) : value), status);
  } catch (error) {
    return fail("upstream_threw", error);
  }
}

/** At `request` the answer carries a MAC over status, content type, nonce and request tag. */
function proved(call: InboundCall, response: Response): Response {
  const request = call.verified?.request;
  if (request === undefined) return response;
  const type = response.headers.get("content-type") ?? "";
  const proof = request.answer(response.status, type, NO_DIGEST);
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
