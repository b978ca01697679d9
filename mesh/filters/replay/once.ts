// What is checked of a request proof that verified: late, as the proof itself.
import { digestOf, EMPTY_DIGEST, NO_DIGEST } from "../../identity/digest.ts";
import { readAtMost } from "../../pipeline/body.ts";
import type { InboundCall } from "../../pipeline/call.ts";
import type { Next } from "../../pipeline/filter.ts";
import type { Late } from "../../pipeline/late.ts";
import { refuse, type Outcome } from "../../pipeline/outcome.ts";

/** Its nonce is new, and its body the one that came. */
export const once: Late["replay"] = (call, proved, next) => {
  const reason = call.isolate.proofs.admitNonce(proved.mac, proved.isSafe, call.isolate.now());
  if (reason !== null) return refuse(reason, `nonce of ${call.principal}`);
  if (call.request === null || proved.digest === NO_DIGEST) return next(call);
  if (call.request.body === null && proved.digest === EMPTY_DIGEST) return next(call);
  return checkBody(call, call.request, proved.digest, next);
};

async function checkBody(
  call: InboundCall,
  request: Request,
  digest: string,
  next: Next<InboundCall>,
): Promise<Outcome> {
  const { method } = request;
  const isBodiless = method === "GET" || method === "HEAD";
  // These may have announced a body without sending one; no other request can be made of them.
  const { body } = isBodiless ? request.clone() : request;
  const bytes = body === null ? new Uint8Array(0) : await readAtMost(body);
  if (bytes === null || digestOf(bytes) !== digest)
    return refuse("bad_digest", `body of ${call.principal}`);
  if (body !== null && !isBodiless) call.request = new Request(request, { method, body: bytes });
  return next(call);
}
