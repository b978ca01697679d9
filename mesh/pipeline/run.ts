// Owns the last step of the way in: the application's own handler or method, and the proof of its answer.
import { HEDDLE_ANSWER } from "../contract/headers.ts";
import { NO_DIGEST } from "../identity/digest.ts";
import type { InboundCall } from "./call.ts";
import { answer, fail, type Outcome } from "./outcome.ts";

/** Terminal of the inbound chain; an exception of the application is an outcome and reaches the caller as it is. */
export async function run(call: InboundCall): Promise<Outcome> {
  try {
    const value = await call.run(call);
    if (!(value instanceof Response) || call.rpc !== null) return answer(value, 0);
    return answer(proved(call, value), value.status);
  } catch (error) {
    return fail("upstream_threw", error);
  }
}

/** At `request` the answer carries a MAC over status, content type, nonce and request tag (design §7). */
function proved(call: InboundCall, response: Response): Response {
  const request = call.verified?.request;
  if (request === undefined || response.webSocket !== null) return response;
  const made = new Response(response.body, response);
  const type = made.headers.get("content-type") ?? "";
  made.headers.set(HEDDLE_ANSWER, request.answer(response.status, type, NO_DIGEST));
  return made;
}
