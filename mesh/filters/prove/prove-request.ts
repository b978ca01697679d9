// A proof of this one request: late, since only destinations of level `request` ask for it.
import { NO_DIGEST } from "../../identity/digest.ts";
import type { HttpParts, OutboundCall } from "../../pipeline/call.ts";
import type { Next } from "../../pipeline/filter.ts";
import type { CoveredFields } from "../../pipeline/isolate.ts";
import type { Asked, Body } from "../../pipeline/late.ts";
import { refuse, type Outcome } from "../../pipeline/outcome.ts";
import { digestBody, type Digested } from "./digest-body.ts";
import { seal } from "./seal.ts";

/** Digests the body, then seals the call with everything that is asked. */
export const proveRequest: Body<OutboundCall, Asked> = (call, asked, next) => {
  if (call.http === null) return sealed(call, asked, NO_DIGEST, next);
  // At once where the body is in memory: the application may go on to change it.
  const digesting = digestBody(call.http);
  const go = ({ http, digest }: Digested): Promise<Outcome> | Outcome => {
    call.http = http;
    return sealed(call, asked, digest, next);
  };
  return digesting instanceof Promise ? digesting.then(go) : go(digesting);
};

function sealed(
  call: OutboundCall,
  { contextText, audience, level }: Asked,
  digest: string,
  next: Next<OutboundCall>,
): Promise<Outcome> | Outcome {
  const covered = coveredFields(call, contextText, digest);
  return seal(call, contextText, audience, level, covered)
    ? next(call)
    : refuse("no_keys", audience);
}

function coveredFields(call: OutboundCall, context: string, digest: string): CoveredFields {
  const { http, rpc } = call;
  if (http !== null)
    return {
      // The runtime opens a WebSocket by GET, whatever was asked.
      method: http.headers["upgrade"]?.toLowerCase() === "websocket" ? "GET" : http.method,
      authority: authorityOf(http),
      path: http.path,
      query: http.query,
      context,
      contentType: http.headers["content-type"] ?? "",
      digest,
    };
  const member = rpc?.path.join(".") ?? "";
  return {
    method: "rpc",
    authority: call.endpoint?.worker ?? "",
    path: `${call.endpoint?.entrypoint ?? call.dialled.entrypoint ?? ""}.${member}`,
    query: "",
    context,
    contentType: "",
    digest: NO_DIGEST,
  };
}

const authorityOf = ({ url, host, port }: HttpParts): string =>
  port === (url.startsWith("https:") ? 443 : 80) ? host : `${host}:${port}`;
