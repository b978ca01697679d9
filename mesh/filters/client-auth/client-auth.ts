// Edge only: which workload of another trust domain calls, where the request proves that.
import { digestOf } from "../../identity/digest.ts";
import { believeRequest, type Believed } from "../../identity/outward/trusted.ts";
import { asksForProof } from "../../identity/outward/wimse.ts";
import { isShortStream, readBody } from "../../pipeline/body.ts";
import type { HttpParts, OutboundCall } from "../../pipeline/call.ts";
import type { Filter, Next } from "../../pipeline/filter.ts";
import type { Isolate } from "../../pipeline/isolate.ts";
import type { SentRequest } from "../../pipeline/late.ts";
import { answer, refuse, type Outcome } from "../../pipeline/outcome.ts";

/** A request without a token is from nobody in particular; one with a token that proves nothing is refused. */
export const clientAuth: Filter<OutboundCall> = {
  name: "client-auth",
  doc: "Says which workload of another mesh calls; after discover, whose table names whom to trust, and before policy.",
  after: ["strip", "discover"],
  wrap: (next) => (call) =>
    call.shown === undefined ? next(call) : identify(call, call.shown, next),
};

const encoder = new TextEncoder();
/** Signatures of this profile are of one hop, as the token is. */
const OF_ONE_HOP = ["signature", "signature-input", "accept-signature"];

async function identify(
  call: OutboundCall,
  shown: SentRequest["headers"],
  next: Next<OutboundCall>,
): Promise<Outcome> {
  const http = await withBody(call.http);
  if (http === null) return refuse("unauthenticated", "the body is too long to be covered");
  const message = toMessage(http, shown);
  const believed = await believe(call.isolate, http, message);
  if ("fault" in believed) return refuse("unauthenticated", believed.fault);
  if (call.isolate.isRevoked(believed.subject)) return refuse("revoked", believed.subject);
  call.onBehalf = believed.subject;
  call.http = http;
  const { "accept-signature": accepted = null, "signature-input": input = null } = http.headers;
  for (const name of OF_ONE_HOP) delete http.headers[name];
  const outcome = await next(call);
  return outcome.kind === "answer" && asksForProof(accepted, input)
    ? prove(call, message, outcome.value as Response)
    : outcome;
}

function believe(
  isolate: Isolate,
  http: HttpParts,
  message: SentRequest,
): Promise<Believed> | Believed {
  const trust = isolate.table()?.trust() ?? null;
  if (trust === null) return { fault: "no other trust domain is known" };
  const nowMs = isolate.now();
  const isSafe = http.method === "GET" || http.method === "HEAD";
  const admitNonce = (nonce: string): boolean =>
    isolate.proofs.admitNonce(digestOf(encoder.encode(nonce)), isSafe, nowMs) === null;
  return believeRequest(trust, message, authorityOf(http), nowMs, admitNonce);
}

async function prove(
  { isolate, scope }: OutboundCall,
  request: SentRequest,
  response: Response,
): Promise<Outcome> {
  const proved = await isolate.outward()?.proveAnswer(request, response, scope.keeper);
  return proved
    ? answer(proved, proved.status)
    : refuse("bad_answer", "the answer cannot be proved");
}

/** The request with its body read; null where the body is too long, or of unknown length. */
async function withBody(http: HttpParts | null): Promise<HttpParts | null> {
  if (http === null || http.body === null) return http;
  return isShortStream(http) ? readBody(http) : null;
}

/** The bytes as they came: headers before any was dropped, and the raw path. */
function toMessage(http: HttpParts, shown: SentRequest["headers"]): SentRequest {
  const { method, path, query, url, body } = http;
  return {
    method,
    target: query === "" && !url.includes("?") ? path : `${path}?${query}`,
    scheme: url.startsWith("http:") ? "http" : "https",
    headers: [...shown.filter(([name]) => name !== "host"), ["host", authorityOf(http)]],
    ...(body instanceof Uint8Array ? { body } : {}),
  };
}

const authorityOf = ({ url, host, port }: HttpParts): string =>
  port === (url.startsWith("https:") ? 443 : 80) ? host : `${host}:${port}`;
