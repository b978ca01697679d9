// Requests from outside that reach a Worker with routes of its own, and what the gateway does like it.
import { COHORT_COOKIE, TRACEPARENT } from "../contract/headers.ts";
import type { CallContext } from "../contract/context.ts";
import { stripHeaders } from "../pipeline/strip-headers.ts";
import { randomHex, readTraceparent, rootContext } from "../pipeline/context.ts";
import type { Isolate, Scope } from "../pipeline/isolate.ts";
import type { RuntimeContext, Serve } from "./inlet.ts";
import { inScope, scopeOf } from "./scope.ts";

const DEFAULT_EDGE_MS = 15_000;
const COHORT_SECONDS = 30 * 86_400;
const COHORT = new RegExp(`(?:^|;\\s*)${COHORT_COOKIE}=([A-Za-z0-9_-]{1,64})(?:;|$)`);

/** Serves a request from outside in the Worker it reached: stripped, in a scope of its own, with no identity. */
export async function serveOwn(
  isolate: Isolate,
  request: Request,
  ctx: RuntimeContext,
  serve: Serve,
): Promise<Response> {
  await isolate.ready(ctx);
  const scope = edgeScope(isolate, request, ctx);
  const drawn = scope.cohort === "";
  if (drawn && isolate.table()?.splits === true)
    scope.cohort = randomHex(16, () => isolate.random());
  const response = await inScope(scope, () => serve(stripped(request)));
  isolate.record({
    side: "edge",
    source: "",
    destination: isolate.workload,
    endpoint: "",
    route: "",
    status: response.status,
    reason: null,
    attempts: 1,
    traceId: scope.context.traceId,
    bypassed: [],
    detail: "",
  });
  return keepCohort(isolate, response, drawn ? scope.cohort : "", request);
}

function stripped(request: Request): Request {
  const headers: Record<string, string> = {};
  for (const [name, value] of request.headers) headers[name] = value;
  const before = Object.keys(headers).length;
  stripHeaders(headers);
  return Object.keys(headers).length === before ? request : new Request(request, { headers });
}

/** The context an entry request begins: its trace, its cohort by cookie, the edge's deadline. */
export function edgeScope(isolate: Isolate, request: Request, ctx: RuntimeContext): Scope {
  const root = rootContext(() => isolate.random());
  const came = readTraceparent(request.headers.get(TRACEPARENT) ?? "");
  const edgeMs = isolate.table()?.defaults.timeouts.edgeMs ?? DEFAULT_EDGE_MS;
  const context: CallContext = {
    ...root,
    ...came,
    cohort: COHORT.exec(request.headers.get("cookie") ?? "")?.[1] ?? "",
    deadlineMs: edgeMs > 0 ? isolate.now() + edgeMs : Number.POSITIVE_INFINITY,
  };
  return scopeOf(context, ctx);
}

/** Only while the table splits somewhere, and only when the request brought none (design §3). */
export function keepCohort(
  isolate: Isolate,
  response: Response,
  cohort: string,
  request: Request,
): Response {
  if (cohort === "" || isolate.table()?.splits !== true || response.webSocket !== null)
    return response;
  const kept = new Response(response.body, response);
  const secure = request.url.startsWith("https:") ? "; Secure" : "";
  kept.headers.append(
    "set-cookie",
    `${COHORT_COOKIE}=${cohort}; Path=/; Max-Age=${COHORT_SECONDS}; HttpOnly; SameSite=Lax${secure}`,
  );
  return kept;
}
