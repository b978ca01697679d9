// How policies are asked about who comes from outside, with no identity: at a Gateway, and at a Worker's own routes.
import { scopeAt } from "../../algorithms/authorize/scope-at.ts";
import type { PolicyChunk } from "../../contract/policy.ts";
import { headerOf, type OutboundCall } from "../../pipeline/call.ts";
import type { Body } from "../../pipeline/late.ts";
import { refuse } from "../../pipeline/outcome.ts";
import { askedOfHttp, outsider, withPath } from "./asked.ts";
import { type Weighed, weigh } from "./judge.ts";

/** Decides for one request at a Gateway, which is open where no policy selects it. */
export const judgeEdge: Body<OutboundCall, PolicyChunk> = (call, chunk, next) => {
  const { http } = call;
  if (http === null) return next(call);
  const header = (name: string): string | null => headerOf(http, name);
  const asked = askedOfHttp(callerOf(call, header), http.method, http.url, header);
  const { reason, detail } = weigh(scopeAt(chunk, ""), asked, "allow-bound");
  if (reason !== null) return refuse(reason, detail);
  if (detail !== "") call.detail = detail;
  if (asked.path !== http.path)
    call.http = { ...http, url: withPath(http.url, http.path, asked.path), path: asked.path };
  return next(call);
};

/** A workload of another trust domain, as policies name it. */
const nameOf = (subject: string): string => subject.replace("spiffe://", "");

const callerOf = (
  { onBehalf, claims }: OutboundCall,
  header: (name: string) => string | null,
): ReturnType<typeof outsider> => ({
  ...outsider(header, claims ?? null),
  principal: nameOf(onBehalf),
});

/** Decides for one request by a Worker's own routes; answers the request to go on with too. */
export function judgeOwn(
  chunk: PolicyChunk,
  request: Request,
  subject: string,
): Weighed & { readonly request: Request } {
  const header = (name: string): string | null => request.headers.get(name);
  const caller = { ...outsider(header, null), principal: nameOf(subject) };
  const asked = askedOfHttp(caller, request.method, request.url, header);
  const raw = asked.path;
  const weighed = weigh(scopeAt(chunk, ""), asked, "allow-bound");
  const url = withPath(request.url, raw, asked.path);
  return { ...weighed, request: asked.path === raw ? request : new Request(url, request) };
}
