// A fresh proof per attempt for exactly the endpoint chosen; nothing after it may change what the proof covers.
import type { CallContext } from "../../contract/context.ts";
import { BAGGAGE, HEDDLE, TRACEPARENT, TRACESTATE } from "../../contract/headers.ts";
import type { IdentityLevel } from "../../contract/identity.ts";
import { RELAY_WORKLOAD } from "../../contract/wiring.ts";
import { isShortStream, readBody } from "../../pipeline/body.ts";
import type { OutboundCall } from "../../pipeline/call.ts";
import { packContext, traceparent } from "../../pipeline/context.ts";
import type { Filter, Next } from "../../pipeline/filter.ts";
import { NOTHING } from "../../pipeline/isolate.ts";
import { toLate } from "../../pipeline/late.ts";
import { refuse, type Outcome } from "../../pipeline/outcome.ts";
import { seal } from "./seal.ts";

/** Writes the envelope: packed context and, for Workers of the mesh, the proof their level asks for. */
export const prove: Filter<OutboundCall> = {
  name: "prove",
  doc: "Mints the proof for the endpoint just chosen; last, so that nothing changes what it covers.",
  after: ["breaker"],
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

const proveRequest = (
  call: OutboundCall,
  next: Next<OutboundCall>,
  contextText: string,
  audience: string,
  level: IdentityLevel,
): Promise<Outcome> | Outcome =>
  toLate(call.isolate.late()?.proveRequest, call, { contextText, audience, level }, next);

const sealed = (
  call: OutboundCall,
  next: Next<OutboundCall>,
  contextText: string,
  audience: string,
  level: IdentityLevel,
): Promise<Outcome> | Outcome =>
  seal(call, contextText, audience, level, NOTHING) ? next(call) : refuse("no_keys", audience);
