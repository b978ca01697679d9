// Requests from outside that reach a Worker with routes of its own, and what the gateway does like it.
import { COHORT_COOKIE, TRACEPARENT, TRACESTATE } from "../contract/headers.ts";
import type { CallContext } from "../contract/context.ts";
import type { Reason } from "../contract/reasons.ts";
import { problem } from "../pipeline/problem.ts";
import { isForged, isInner, toldInstead } from "../pipeline/strip-headers.ts";
import { randomHex, readTraceparent, rootContext, traceparent } from "../pipeline/context.ts";
import type { Isolate, Scope } from "../pipeline/isolate.ts";
import { readTracestate } from "../pipeline/tracestate.ts";
import type { RuntimeContext, Serve } from "./inlet.ts";
import { fromRequest } from "./parts.ts";
import { inScope, scopeOf } from "./scope.ts";

const DEFAULT_EDGE_MS = 15_000;
const COHORT_SECONDS = 2_592_000;
const COHORT = /* @__PURE__ */ ((name: string) =>
  new RegExp(`(?:^|;\\s*)${name}=([A-Za-z0-9_-]{1,64})(?:;|$)`))(COHORT_COOKIE);

/** Serves a request from outside in the Worker it reached: stripped, in a scope of its own, with no identity. */
export async function serveOwn(
  isolate: Isolate,
  request: Request,
  ctx: RuntimeContext,
  serve: Serve,
): Promise<Response> {
  await isolate.ready(ctx);
  const scope = edgeScope(isolate, request, ctx);
  const derived = derivedCohort(isolate, request);
  if (derived !== "") scope.cohort = derived;
  const refusal = refused(isolate, request);
  if (typeof refusal === "string") return problem(refusal, scope.context.traceId, false);
  const drawn = scope.cohort === "";
  if (drawn && isolate.table()?.splits === true)
    scope.cohort = randomHex(16, () => isolate.random());
  const startMs = isolate.now();
  const response = await inScope(scope, () => serve(stripped(refusal, scope.context)));
  isolate.record({
    side: "edge",
    source: "",
    destination: isolate.workload,
    endpoint: "",
    route: "",
    status: response.status,
    reason: null,
    attempts: 1,
    retries: 0,
    durationMs: isolate.now() - startMs,
    traceId: scope.context.traceId,
    bypassed: [],
    detail: "",
  });
  return toOutside(isolate, response, drawn ? scope.cohort : "", request);
}

/** Of a user whom the request names, as the edge chain has it; empty where none does. */
function derivedCohort(isolate: Isolate, request: Request): string {
  const sources = isolate.table()?.defaults.cohort?.from;
  if (sources === undefined) return "";
  return isolate.late()?.cohort({ http: fromRequest(request).parts }, sources) ?? "";
}

/** Why policy keeps who has no identity out, told in log and metric; else the request to go on with. */
function refused(isolate: Isolate, request: Request): Reason | Request {
  const policy = isolate.table()?.policy(isolate.workload);
  if (policy === undefined) return request;
  const made = policy && isolate.late()?.authorizeOwn(policy, request);
  const reason = made ? made.reason : "default_deny";
  if (reason === null) return made?.request ?? request;
  isolate.record({
    side: "edge",
    source: "",
    destination: isolate.workload,
    endpoint: "",
    route: "",
    status: 0,
    reason,
    attempts: 1,
    retries: 0,
    durationMs: 0,
    traceId: "",
    bypassed: [],
    detail: made?.detail ?? "",
  });
  return reason;
}

/**
 * Without what only the mesh may say; what is of one hop stays, since this Worker is no proxy. The trace stands in the
 * headers where a client sent one: what it was read as.
 */
function stripped(request: Request, context: CallContext): Request {
  const forged = [...request.headers.keys()].filter(isForged);
  if (forged.length === 0) return request;
  const made = new Request(request);
  const arrival = { address: request.headers.get("cf-connecting-ip"), url: request.url };
  for (const name of forged) {
    const told = toldInstead(name, arrival);
    if (told === null) made.headers.delete(name);
    else made.headers.set(name, told);
  }
  made.headers.set(TRACEPARENT, traceparent(context));
  if (context.tracestate !== "") made.headers.set(TRACESTATE, context.tracestate);
  return made;
}

/** The context an entry request begins: its trace, its cohort by cookie, the edge's deadline. */
export function edgeScope(isolate: Isolate, request: Request, ctx: RuntimeContext): Scope {
  const root = rootContext(() => isolate.random());
  const came = readTraceparent(request.headers.get(TRACEPARENT) ?? "");
  const edgeMs = isolate.table()?.defaults.timeouts.edgeMs ?? DEFAULT_EDGE_MS;
  const context: CallContext = {
    ...root,
    ...came,
    tracestate: came === null ? "" : readTracestate(request.headers.get(TRACESTATE) ?? ""),
    cohort: COHORT.exec(request.headers.get("cookie") ?? "")?.[1] ?? "",
    deadlineMs: edgeMs > 0 ? isolate.now() + edgeMs : Number.POSITIVE_INFINITY,
  };
  return scopeOf(context, ctx, came === null);
}

/** The answer as it leaves: without what was between meshes, with a cohort where one was drawn and the table splits. */
export function toOutside(
  isolate: Isolate,
  response: Response,
  cohort: string,
  request: Request,
): Response {
  const isKept = cohort !== "" && isolate.table()?.splits === true;
  const inner = [...response.headers.keys()].filter(isInner);
  if (response.webSocket !== null || !(isKept || inner.length > 0)) return response;
  const leaving = new Response(response.body, response);
  for (const name of inner) leaving.headers.delete(name);
  if (!isKept) return leaving;
  const secure = request.url.startsWith("https:") ? "; Secure" : "";
  leaving.headers.append(
    "set-cookie",
    `${COHORT_COOKIE}=${cohort}; Path=/; Max-Age=${COHORT_SECONDS}; HttpOnly; SameSite=Lax${secure}`,
  );
  return leaving;
}
