// Who calls, proved as strongly as the signed table asks; verification ends before the handler sees a byte.
import { LOOPBACK_PROOF } from "../../contract/headers.ts";
import { RELAY_WORKLOAD } from "../../contract/wiring.ts";
import type { InboundCall } from "../../pipeline/call.ts";
import { unpackContext } from "../../pipeline/context.ts";
import type { Filter, Next } from "../../pipeline/filter.ts";
import type { CoveredFields, Verified } from "../../pipeline/isolate.ts";
import { refuse, type Outcome } from "../../pipeline/outcome.ts";

/** Reads the envelope, verifies the proof, checks it against the binding's props and the revocations. */
export const authenticate: Filter<InboundCall> = {
  name: "authenticate",
  doc: "Says who calls; before everything that acts on the caller, after nothing but observe and rescue.",
  after: ["rescue"],
  wrap: (next) => (call) => {
    const wait = call.isolate.ready(call.keeper);
    if (wait === undefined) return check(call, next);
    return wait.then(() => check(call, next));
  },
};

function check(call: InboundCall, next: Next<InboundCall>): Promise<Outcome> | Outcome {
  const { isolate } = call;
  const nowMs = isolate.now();
  const cut = call.envelope.indexOf("|");
  call.contextText = cut < 0 ? call.envelope : call.envelope.slice(0, cut);
  call.proofText = cut < 0 ? "" : call.envelope.slice(cut + 1);
  if (call.envelope !== "") call.context = unpackContext(call.contextText, nowMs);
  if (call.proofText === LOOPBACK_PROOF) return ofItself(call, next);
  call.level = isolate.table()?.level(isolate.workload) ?? "session";
  if (call.level === "strict" && !isolate.isFresh())
    return refuse("not_synced", "strict without a fresh sync");
  const refusal = identify(call, nowMs);
  if (refusal !== null) return refusal;
  if (call.envelope !== "" && call.context === null) return refuse("malformed", "context");
  return next(call);
}

function identify(call: InboundCall, nowMs: number): Outcome | null {
  const { proofs } = call.isolate;
  const known = proofs.recall(call.proofText, call.level, nowMs);
  if (known !== null) return accept(call, known);
  const verified = proofs.verify(
    call.proofText,
    () => call.bound(),
    call.level,
    () => covered(call),
    nowMs,
  );
  if (typeof verified === "string") return refuse(verified, `from ${call.bound()}`);
  // The proof's subject must be who the props attest: a handed-on stub does not carry its owner's identity.
  if (!proofs.isKnown(verified.principal, nowMs) && verified.principal !== call.bound())
    return refuse("unauthenticated", `proved ${verified.principal}, bound ${call.bound()}`);
  proofs.accept(call.proofText, verified, nowMs);
  return accept(call, verified);
}

/** A call of this Worker to itself through `ctx.exports` shows what only this weaving knows. */
function ofItself(call: InboundCall, next: Next<InboundCall>): Promise<Outcome> | Outcome {
  if (!call.isLoopback()) return refuse("unauthenticated", "loopback proof on another binding");
  call.principal = call.isolate.workload;
  return next(call);
}

function accept(call: InboundCall, verified: Verified): Outcome | null {
  const onBehalf = call.context?.onBehalf ?? "";
  if (onBehalf !== "" && verified.principal !== RELAY_WORKLOAD)
    return refuse("unauthenticated", `${verified.principal} may not speak for ${onBehalf}`);
  call.verified = verified;
  call.viaRelay = onBehalf !== "";
  call.principal = onBehalf === "" ? verified.principal : onBehalf;
  if (call.isolate.isRevoked(call.principal) || call.isolate.isRevoked(verified.principal))
    return refuse("revoked", call.principal);
  if (call.viaRelay && (call.level === "request" || call.level === "strict"))
    return refuse("via_relay_refused", call.principal);
  return null;
}

function covered(call: InboundCall): CoveredFields {
  const shared = { context: call.contextText, digest: "" };
  if (call.request === null)
    return {
      ...shared,
      method: "rpc",
      authority: call.isolate.workload,
      path: `${call.entrypoint}.${call.rpc?.path.join(".") ?? ""}`,
      query: "",
      contentType: "",
    };
  const { url, method, headers } = call.request;
  const authorityStart = url.indexOf("//") + 2;
  const pathStart = url.indexOf("/", authorityStart);
  const queryStart = url.indexOf("?", pathStart);
  return {
    ...shared,
    method,
    authority: url.slice(authorityStart, pathStart).toLowerCase(),
    path: queryStart < 0 ? url.slice(pathStart) : url.slice(pathStart, queryStart),
    query: queryStart < 0 ? "" : url.slice(queryStart + 1),
    contentType: headers.get("content-type") ?? "",
  };
}
