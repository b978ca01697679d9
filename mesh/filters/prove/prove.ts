// A fresh proof per attempt for exactly the endpoint chosen; nothing after it may change what the proof covers.
import type { CallContext } from "../../contract/context.ts";
import { HEDDLE, TRACEPARENT } from "../../contract/headers.ts";
import type { IdentityLevel } from "../../contract/identity.ts";
import { EMPTY_DIGEST, NO_DIGEST } from "../../identity/digest.ts";
import { RELAY_WORKLOAD } from "../../contract/wiring.ts";
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
    if (call.http !== null) call.http.headers[TRACEPARENT] = traceparent(context);
    if (worker === undefined) return next(call);
    const level = call.isolate.table()?.level(worker) ?? "session";
    const isRelayed = call.binding === call.isolate.relay();
    if (isRelayed && (level === "request" || level === "strict"))
      return refuse("via_relay_refused", worker);
    const contextText = packContext(context, call.isolate.now());
    if (level === "request" || level === "strict")
      return proveRequest(call, next, contextText, worker, level);
    return proveSession(call, next, contextText, isRelayed ? RELAY_WORKLOAD : worker, level);
  },
};

/** What the callee's scope begins with: one hop deeper, this call's span, the attempt's time left. */
function nextContext(call: OutboundCall): CallContext {
  const { context } = call.scope;
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
  const send = (isSeed: boolean): Promise<Outcome> | Outcome => {
    const proof = call.isolate.proofs.mint(audience, level, NOTHING, call.isolate.now(), isSeed);
    if (proof === null) return refuse("no_keys", audience);
    call.checkAnswer = null;
    seal(call, contextText, proof.text);
    return next(call);
  };
  return onceMoreFromSeed(send);
}

async function proveRequest(
  call: OutboundCall,
  next: Next<OutboundCall>,
  contextText: string,
  audience: string,
  level: IdentityLevel,
): Promise<Outcome> {
  let digest = call.http === null ? NO_DIGEST : EMPTY_DIGEST;
  if (call.http !== null && call.http.body !== null) {
    const digested = await digestBody(call.http);
    call.http = digested.http;
    digest = digested.digest;
  }
  const covered = coveredFields(call, contextText, digest);
  const send = (isSeed: boolean): Promise<Outcome> | Outcome => {
    const proof = call.isolate.proofs.mint(audience, level, covered, call.isolate.now(), isSeed);
    if (proof === null) return refuse("no_keys", audience);
    call.checkAnswer = proof.checkAnswer ?? null;
    seal(call, contextText, proof.text);
    return next(call);
  };
  return onceMoreFromSeed(send);
}

/** A callee that lacks the epoch says so; the deploy seed is not tied to one (design §7). */
async function onceMoreFromSeed(
  send: (isSeed: boolean) => Promise<Outcome> | Outcome,
): Promise<Outcome> {
  const outcome = await send(false);
  const isUnknown =
    outcome.kind === "refusal" &&
    (outcome.reason === "unknown_epoch" || outcome.reason === "no_keys");
  if (!isUnknown) return outcome;
  const again = await send(true);
  return again.kind === "refusal" && again.reason === "no_keys" ? outcome : again;
}

function coveredFields(call: OutboundCall, context: string, digest: string): CoveredFields {
  const { http, rpc } = call;
  if (http !== null)
    return {
      method: http.method,
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

const authorityOf = (http: HttpParts): string =>
  http.port === 80 || http.port === 443 ? http.host : `${http.host}:${http.port}`;

function seal(call: OutboundCall, contextText: string, proof: string): void {
  call.envelope = `${contextText}|${proof}`;
  if (call.http !== null) call.http.headers[HEDDLE] = call.envelope;
}

const NOTHING: CoveredFields = {
  method: "",
  authority: "",
  path: "",
  query: "",
  context: "",
  contentType: "",
  digest: NO_DIGEST,
};
