// What a request proof must have covered, as the callee sees it: late, as the proof itself.
import type { InboundCall } from "../../pipeline/call.ts";
import type { CoveredFields } from "../../pipeline/isolate.ts";

/** Read off the call itself; the digest is in the proof. */
export function covered(call: InboundCall): CoveredFields {
  if (call.request === null)
    return {
      method: "rpc",
      authority: call.isolate.workload,
      path: `${call.entrypoint}.${call.rpc?.path.join(".") ?? ""}`,
      query: "",
      context: call.contextText,
      contentType: "",
      digest: "",
    };
  const { url, method, headers } = call.request;
  const authorityStart = url.indexOf("//") + 2;
  const pathStart = url.indexOf("/", authorityStart);
  const queryStart = url.indexOf("?", pathStart);
  return {
    method,
    authority: url.slice(authorityStart, pathStart).toLowerCase(),
    path: queryStart < 0 ? url.slice(pathStart) : url.slice(pathStart, queryStart),
    query: queryStart < 0 ? "" : url.slice(queryStart + 1),
    context: call.contextText,
    contentType: headers.get("content-type") ?? "",
    digest: "",
  };
}
