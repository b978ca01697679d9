// Who calls, proved as strongly as the signed table asks; verification ends before the handler sees a byte.
import type { IdentityLevel } from "../../contract/identity.ts";
import { LOOPBACK_PROOF } from "../../contract/headers.ts";
import { GATEWAY_WORKLOAD, RELAY_WORKLOAD } from "../../contract/wiring.ts";
import type { InboundCall } from "../../pipeline/call.ts";
import { unpackContext } from "../../pipeline/context.ts";
import type { Filter, Next } from "../../pipeline/filter.ts";
import { NOTHING, type Isolate, type Verified } from "../../pipeline/isolate.ts";
import { noLatePart } from "../../pipeline/late.ts";
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
  takeApart(call);
  if (call.envelope !== "") call.context = unpackContext(call.contextText, nowMs);
  if (call.proofText === LOOPBACK_PROOF) return ofItself(call, next);
  call.level = levelOf(isolate, nowMs);
  if (call.level === "strict" && !isolate.isFresh())
    return refuse("not_synced", "strict without a fresh sync");
  const refusal = identify(call, nowMs);
  if (refusal === undefined) return checkLate(call, next);
  if (refusal !== null) return refusal;
  if (call.envelope !== "" && call.context === null) return refuse("malformed", "context");
  return next(call);
}

function takeApart(call: InboundCall): void {
  const cut = call.envelope.indexOf("|");
  call.contextText = cut < 0 ? call.envelope : call.envelope.slice(0, cut);
  call.proofText = cut < 0 ? "" : call.envelope.slice(cut + 1);
}

async function checkLate(call: InboundCall, next: Next<InboundCall>): Promise<Outcome> {
  const isHere = await call.isolate.loadLate();
  return isHere ? check(call, next) : noLatePart();
}

/** What this Worker asks for; while the mesh is permissive any proof will do, save where it asks for `strict`. */
function levelOf(isolate: Isolate, nowMs: number): IdentityLevel {
  const table = isolate.table();
  const asked = table?.level(isolate.workload) ?? "session";
  const untilMs = table?.defaults.identity.permissiveUntilMs ?? 0;
  return untilMs > nowMs && asked !== "strict" ? "capability" : asked;
}

/** What the log is told of a proof that may be weaker than asked for. */
const permissiveAt = (isolate: Isolate): string =>
  isolate.table()?.defaults.identity.permissiveUntilMs ? "permissive" : "";

/** Undefined for a request proof that came before this isolate's table has said that there are any. */
function identify(call: InboundCall, nowMs: number): Outcome | null | undefined {
  const { proofs } = call.isolate;
  const known = proofs.recall(call.proofText, call.level, nowMs);
  if (known !== null) return accept(call, known);
  const late = call.isolate.late();
  if (late === null && REQUEST_PROOF.test(call.proofText)) return undefined;
  const verified = proofs.verify(
    call.proofText,
    () => call.bound(),
    call.level,
    () => late?.covered(call) ?? NOTHING,
    nowMs,
  );
  if (typeof verified === "string") return refuse(verified, `from ${call.bound()}`);
  // The proof's subject must be who the props attest: a handed-on stub does not carry its owner's identity.
  if (!proofs.isKnown(verified.principal, nowMs) && verified.principal !== call.bound())
    return refuse("unauthenticated", `proved ${verified.principal}, bound ${call.bound()}`);
  proofs.accept(call.proofText, verified, nowMs);
  return accept(call, verified);
}

const REQUEST_PROOF = /^\d+~r~/;

/** A call of this Worker to itself through `ctx.exports` shows what only this weaving knows. */
function ofItself(call: InboundCall, next: Next<InboundCall>): Promise<Outcome> | Outcome {
  if (!call.isLoopback()) return refuse("unauthenticated", "loopback proof on another binding");
  call.principal = call.isolate.workload;
  return next(call);
}

function accept(call: InboundCall, verified: Verified): Outcome | null {
  const onBehalf = call.context?.onBehalf ?? "";
  // Whom the gateway let in from another trust domain is no less directly known than the gateway.
  const isForeign = verified.principal === GATEWAY_WORKLOAD && onBehalf.startsWith("spiffe://");
  if (onBehalf !== "" && !isForeign && verified.principal !== RELAY_WORKLOAD)
    return refuse("unauthenticated", `${verified.principal} may not speak for ${onBehalf}`);
  call.verified = verified;
  if (verified.kind === "capability") call.detail = permissiveAt(call.isolate);
  call.viaRelay = onBehalf !== "" && !isForeign;
  call.principal = onBehalf === "" ? verified.principal : onBehalf;
  return barred(call, verified);
}

/** Why a caller that proved itself does not get in all the same. */
function barred(call: InboundCall, verified: Verified): Outcome | null {
  const { isolate } = call;
  if (isolate.isRevoked(call.principal, call) || isolate.isRevoked(verified.principal))
    return refuse("revoked", call.principal);
  if (call.viaRelay && (call.level === "request" || call.level === "strict"))
    return refuse("via_relay_refused", call.principal);
  return null;
}
