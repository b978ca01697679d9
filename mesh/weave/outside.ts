// Requests from outside: the gateway's edge chain, and the one a Worker with routes of its own runs in its isolate.
import { COHORT_COOKIE, HEDDLE_LISTENER, TRACEPARENT } from "../contract/headers.ts";
import type { CallContext } from "../contract/context.ts";
import type { Wiring } from "../contract/wiring.ts";
import { stripHeaders } from "../pipeline/strip-headers.ts";
import type { OutboundCall } from "../pipeline/call.ts";
import { readTraceparent, rootContext } from "../pipeline/context.ts";
import type { Next } from "../pipeline/filter.ts";
import type { Isolate, Scope } from "../pipeline/isolate.ts";
import { problem } from "../pipeline/problem.ts";
import { newCall, type Outlet } from "./client.ts";
import type { RuntimeContext, Serve } from "./inlet.ts";
import { fromRequest } from "./parts.ts";
import { inScope, scopeOf } from "./scope.ts";

const DEFAULT_EDGE_MS = 15_000;
const COHORT_SECONDS = 30 * 86_400;
const COHORT = new RegExp(`(?:^|;\\s*)${COHORT_COOKIE}=([A-Za-z0-9_-]{1,64})(?:;|$)`);
const EDGE = { service: "", entrypoint: null } as const;

/** Serves a request from outside through the edge chain: listener, route, split, and so on. */
export async function serveEdge(
  outlet: Outlet,
  edge: Next<OutboundCall>,
  wiring: Wiring,
  request: Request,
  ctx: RuntimeContext,
): Promise<Response> {
  const { isolate } = outlet;
  const listener = listenerOf(request, wiring);
  const scope = edgeScope(isolate, request, ctx);
  const drawn = scope.cohort === "";
  const { parts } = fromRequest(request);
  const call: OutboundCall = {
    ...newCall(outlet, scope, EDGE, parts, null),
    side: "edge",
    listener,
  };
  const outcome = await edge(call);
  if (outcome.kind === "answer")
    return keepCohort(isolate, outcome.value as Response, drawn ? scope.cohort : "", request);
  return problem(outcome.reason, scope.context.traceId, false);
}

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

function edgeScope(isolate: Isolate, request: Request, ctx: RuntimeContext): Scope {
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

/** Dev's listener ports name themselves with the run's key; from anybody else the header means nothing. */
function listenerOf(request: Request, wiring: Wiring): OutboundCall["listener"] {
  const [key, name = ""] = (request.headers.get(HEDDLE_LISTENER) ?? "").split(" ");
  if (wiring.listenerKey === undefined || key !== wiring.listenerKey) return null;
  const [namespace, gateway, listener = "", port] = name.split("/");
  return { gateway: `${namespace}/${gateway}`, listener, port: Number(port) };
}

/** Only while the table splits somewhere, and only when the request brought none (design §3). */
function keepCohort(
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
