// A fresh proof per attempt for exactly the endpoint chosen; nothing after it may change what the proof covers.
import type { CallContext } from "../../contract/context.ts";
import { BAGGAGE, HEDDLE, TRACEPARENT, TRACESTATE } from "../../contract/headers.ts";
import type { IdentityLevel } from "../../contract/identity.ts";
import { EMPTY_DIGEST, NO_DIGEST } from "../../identity/digest.ts";
import { RELAY_WORKLOAD } from "../../contract/wiring.ts";
import { isShortStream, readBody } from "../../pipeline/body.ts";
import type { HttpParts, OutboundCall } from "../../pipeline/call.ts";
import { packContext, traceparent } from "../../pipeline/context.ts";
import type { Filter, Next } from "../../pipeline/filter.ts";
import type { CoveredFields } from "../../pipeline/isolate.ts";
import { refuse, type Outcome } from "../../pipeline/outcome.ts";
import { digestBody } from "./digest-body.ts";

/** Writes the envelope: packed context and, for Workers of the mesh, the proof their level asks for. */
export const prove: Filter<OutboundCall> = {
  name: "prove",
  doc: "Mints the proof for the endpoint just chosen; last, so that nothing changes what it covers.",
  after: ["balance"],
  wrap: (next) => (call) => {
    const worker = call.endpoint?.worker;
    const context = nextContext(call);
    if (call.http !== null) carry(call.http.headers, context);
    if (worker === undefined) return unproved(call, next, "");
    const contextText = packContext(context, call.isolate.now());
    const isRelayed = call.binding === call.isolate.relay();
    const isPlain = call.endpoint?.plain === true;
    const level = call.isolate.table()?.level(worker) ?? "session";
    if (bindsRequest(level))
      return isRelayed || isPlain
        ? refuse("via_relay_refused", worker)
        : proveRequest(call, next, contextText, worker, level);
    if (isRelayed) return proveSession(call, next, contextText, RELAY_WORKLOAD, "session");
    return isPlain
      ? unproved(call, next, contextText)
      : proveSession(call, next, contextText, worker, level);
  },
};

/** The trace as other tools read it. */
function carry(headers: Record<string, string>, context: CallContext): void {
  headers[TRACEPARENT] = traceparent(context);
  if (context.tracestate !== "") headers[TRACESTATE] = context.tracestate;
  if (context.baggage !== "") headers[BAGGAGE] = context.baggage;
}

const bindsRequest = (level: IdentityLevel): boolean => level === "request" || level === "strict";

/** To a Worker outside the mesh goes no proof, not even one that came in; to one behind the relay the context goes. */
function unproved(
  call: OutboundCall,
  next: Next<OutboundCall>,
  contextText: string,
): Promise<Outcome> | Outcome {
  call.envelope = contextText;
  if (call.http !== null && contextText !== "") call.http.headers[HEDDLE] = contextText;
  else if (call.http !== null) delete call.http.headers[HEDDLE];
  return next(call);
}

/** What the callee's scope begins with: one hop deeper, this call's span, the attempt's time left. */
function nextContext(call: OutboundCall): CallContext {
  const { context } = call.scope;
  const given = call.http?.headers;
  call.scope.invocations += 1;
  return {
    traceId: context.traceId,
    spanId: call.spanId,
    flags: context.flags,
    cohort: call.cohort === "" ? call.scope.cohort : call.cohort,
    deadlineMs: call.attemptEndMs,
    allowance: call.scope.allowance,
    priority: context.priority,
    depth: context.depth + 1,
    invocations: call.scope.invocations,
    onBehalf: call.onBehalf,
    to: relayTarget(call),
    // What the application set itself is what it wants to be carried.
    tracestate: given?.[TRACESTATE] ?? context.tracestate,
    baggage: given?.[BAGGAGE] ?? context.baggage,
  };
}

function relayTarget(call: OutboundCall): string {
  if (call.binding !== call.isolate.relay() || call.endpoint === null) return "";
  const entrypoint = call.endpoint.entrypoint ?? call.dialled.entrypoint ?? "";
  return entrypoint === "" ? (call.endpoint.worker ?? "") : `${call.endpoint.worker} ${entrypoint}`;
}

function proveSession(
  call: OutboundCall,
  next: Next<OutboundCall>,
  contextText: string,
  audience: string,
  level: IdentityLevel,
): Promise<Outcome> | Outcome {
  const { http } = call;
  if (http === null || !isShortStream(http))
    return sealed(call, next, contextText, audience, level);
  return readBody(http).then((whole) => {
    call.http = whole;
    return sealed(call, next, contextText, audience, level);
  });
}

const sealed = (
  call: OutboundCall,
  next: Next<OutboundCall>,
  contextText: string,
  audience: string,
  level: IdentityLevel,
): Promise<Outcome> | Outcome =>
  mint(call, contextText, audience, level, NOTHING) ? next(call) : refuse("no_keys", audience);

async function proveRequest(
  call: OutboundCall,
  next: Next<OutboundCall>,
  contextText: string,
  audience: string,
  level: IdentityLevel,
): Promise<Outcome> {
  let digest = call.http === null ? NO_DIGEST : EMPTY_DIGEST;
  if (call.http !== null && call.http.body !== null) {
    const digesting = digestBody(call.http);
    // At once where the body is in memory: the application may go on to change it.
    const digested = digesting instanceof Promise ? await digesting : digesting;
    call.http = digested.http;
    digest = digested.digest;
  }
  const covered = coveredFields(call, contextText, digest);
  return mint(call, contextText, audience, level, covered)
    ? next(call)
    : refuse("no_keys", audience);
}

/** Seals the call with a proof; false where no key for the audience is known. */
function mint(
  call: OutboundCall,
  contextText: string,
  audience: string,
  level: IdentityLevel,
  covered: CoveredFields,
): boolean {
  const { proofs } = call.isolate;
  const nowMs = call.isolate.now();
  // The audience has just said that it lacks our epoch; the next calls need not hear it again.
  if (call.isSeed === true) proofs.doubt(audience, nowMs);
  call.isSeed ??= proofs.isInDoubt(audience, nowMs);
  const proof = proofs.mint(audience, level, covered, nowMs, call.isSeed);
  // Strict fails closed: what the seed proves does not count there.
  if (proof === null || (proof.isDegraded && level === "strict")) return false;
  call.checkAnswer = proof.checkAnswer ?? null;
  call.envelope = `${contextText}|${proof.text}`;
  if (call.http !== null) call.http.headers[HEDDLE] = call.envelope;
  return true;
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

const NOTHING: CoveredFields = {
  method: "",
  authority: "",
  path: "",
  query: "",
  context: "",
  contentType: "",
  digest: NO_DIGEST,
};
