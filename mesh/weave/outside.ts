// Requests from outside that reach a Worker with routes of its own, and what the gateway does like it.
import { COHORT_COOKIE, IDENTITY_TOKEN, TRACEPARENT, TRACESTATE } from "../contract/headers.ts";
import type { CallContext } from "../contract/context.ts";
import { digestOf } from "../identity/digest.ts";
import type { Reason } from "../contract/reasons.ts";
import { problem } from "../pipeline/problem.ts";
import { isForged, isInner, toldInstead } from "../pipeline/strip-headers.ts";
import { randomHex, readTraceparent, rootContext, traceparent } from "../pipeline/context.ts";
import type { CallRecord, Isolate, Scope } from "../pipeline/isolate.ts";
import type { ShownRequest } from "../pipeline/late.ts";
import { readTracestate } from "../pipeline/tracestate.ts";
import type { RuntimeContext, Serve } from "./inlet.ts";
import { withLate } from "./load-late.ts";
import { fromRequest } from "./parts.ts";
import { inScope, scopeOf } from "./scope.ts";

const encoder = new TextEncoder();
const DEFAULT_EDGE_MS = 15_000;
const COHORT_SECONDS = 2_592_000;
const COHORT = /* @__PURE__ */ ((name: string) =>
  new RegExp(`(?:^|;\\s*)${name}=([A-Za-z0-9_-]{1,64})(?:;|$)`))(COHORT_COOKIE);

/**
 * Serves a request from outside in the Worker it reached: stripped, in a scope of its own, and with no identity but one of
 * another mesh that it proves.
 */
export async function serveOwn(
  isolate: Isolate,
  request: Request,
  ctx: RuntimeContext,
  serve: Serve,
): Promise<Response> {
  await isolate.ready(ctx);
  const scope = edgeScope(isolate, request, ctx);
  const shown = await identified(isolate, request);
  if (typeof shown === "string")
    return refuse({ isolate, scope, shown: null }, "unauthenticated", shown);
  const entry: Entry = { isolate, scope, shown };
  if (shown === null) return serveEntry(entry, request, request, serve);
  if (isolate.isRevoked(shown.subject)) return refuse(entry, "revoked", "");
  return serveEntry(entry, request, shown.request, serve);
}

/** Serves who is let in; `request` is as it came, `settled` without what proved it. */
async function serveEntry(
  entry: Entry,
  request: Request,
  settled: Request,
  serve: Serve,
): Promise<Response> {
  const { isolate, scope } = entry;
  const derived = derivedCohort(isolate, request);
  if (derived !== "") scope.cohort = derived;
  const allowed = judged(entry, settled);
  if (allowed instanceof Response) return allowed;
  const drawn = scope.cohort === "";
  if (drawn && isolate.table()?.splits === true)
    scope.cohort = randomHex(16, () => isolate.random());
  const startMs = isolate.now();
  const response = await inScope(scope, () => serve(stripped(allowed, scope.context)));
  tell(entry, { status: response.status, durationMs: isolate.now() - startMs });
  const leaving = toOutside(isolate, response, drawn ? scope.cohort : "", request);
  return entry.shown === null ? leaving : known(entry, entry.shown, leaving);
}

/** The answer to somebody known: proved where asked for, a socket for as long as nobody revokes him. */
function known(
  entry: Entry,
  shown: ShownRequest,
  response: Response,
): Promise<Response> | Response {
  const { isolate, scope } = entry;
  const opened = { isolate, keeper: scope.keeper, principal: shown.subject, tag: () => "" };
  // What goes over a socket is not covered by any proof.
  if (response.webSocket !== null)
    return withLate(({ watchSocket }) => watchSocket(response, opened));
  return shown.wantsProof ? proved(entry, shown, response) : response;
}

/** A request that came by the Worker's own routes. */
interface Entry {
  readonly isolate: Isolate;
  readonly scope: Scope;
  /** Null: it shows no identity. */
  readonly shown: ShownRequest | null;
}

/** Which workload of another mesh calls; null where the request says of none, a word for the log where it proves none. */
async function identified(
  isolate: Isolate,
  request: Request,
): Promise<ShownRequest | string | null> {
  if (!request.headers.has(IDENTITY_TOKEN)) return null;
  const isSafe = request.method === "GET" || request.method === "HEAD";
  const admitNonce = (nonce: string): boolean => {
    const tag = digestOf(encoder.encode(nonce));
    return isolate.proofs.admitNonce(tag, isSafe, isolate.now()) === null;
  };
  return (await isolate.outward()?.believe(request, admitNonce)) ?? "nobody else is trusted";
}

async function proved(
  { isolate, scope }: Entry,
  { sent }: ShownRequest,
  response: Response,
): Promise<Response> {
  const answer = await isolate.outward()?.proveAnswer(sent, response, scope.keeper);
  return answer ?? problem("bad_answer", scope.context.traceId, false);
}

function refuse(entry: Entry, reason: Reason, detail: string): Response {
  tell(entry, { reason, detail });
  return problem(reason, entry.scope.context.traceId, false);
}

function tell({ isolate, scope, shown }: Entry, said: Partial<CallRecord>): void {
  isolate.record({
    side: "edge",
    source: shown?.subject ?? "",
    destination: isolate.workload,
    endpoint: "",
    route: "",
    status: 0,
    reason: null,
    attempts: 1,
    retries: 0,
    durationMs: 0,
    traceId: scope.context.traceId,
    bypassed: [],
    detail: "",
    ...said,
  });
}

/** Of a user whom the request names, as the edge chain has it; empty where none does. */
function derivedCohort(isolate: Isolate, request: Request): string {
  const sources = isolate.table()?.defaults.cohort?.from;
  if (sources === undefined) return "";
  return isolate.late()?.cohort({ http: fromRequest(request).parts }, sources) ?? "";
}

/** The request to go on with, or what policy answers. */
function judged(entry: Entry, request: Request): Request | Response {
  const { isolate, shown } = entry;
  const policy = isolate.table()?.policy(isolate.workload);
  if (policy === undefined) return request;
  const made = policy && isolate.late()?.authorizeOwn(policy, request, shown?.subject ?? "");
  if (!made) return refuse(entry, "default_deny", "");
  return made.reason === null ? made.request : refuse(entry, made.reason, made.detail);
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
