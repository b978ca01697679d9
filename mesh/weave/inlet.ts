// The way into one Worker: makes the inbound call, runs the chain, and the application inside its scope.
import type { CallContext } from "../contract/context.ts";
import { HEDDLE } from "../contract/headers.ts";
import type { Wiring } from "../contract/wiring.ts";
import type { InboundCall, RpcParts } from "../pipeline/call.ts";
import { rootContext } from "../pipeline/context.ts";
import type { Next } from "../pipeline/filter.ts";
import type { Isolate, Scope, WaitUntil } from "../pipeline/isolate.ts";
import { HeddleError } from "../pipeline/problem.ts";
import { heddleProps, type Loop } from "./hand-on.ts";
import { guard } from "./membrane.ts";
import { inScope, scopeOf } from "./scope.ts";

/** What the inbound side of a woven export needs; one per isolate. */
export interface Inlet {
  readonly isolate: Isolate;
  readonly wiring: Wiring;
  readonly inbound: Next<InboundCall>;
  readonly loop: Loop;
  /** The edge chain of a Worker with routes of its own. */
  readonly fromOutside: (request: Request, ctx: RuntimeContext, run: Serve) => Promise<Response>;
}

/** As much of ExecutionContext and DurableObjectState as the mesh uses. */
export interface RuntimeContext {
  waitUntil(promise: Promise<unknown>): void;
}

/** The application's own fetch handler. */
export type Serve = (request: Request) => Promise<Response>;

/** A `fetch` that reached a woven entrypoint. */
export async function takeFetch(
  inlet: Inlet,
  entrypoint: string,
  ctx: RuntimeContext,
  request: Request,
  serve: Serve,
): Promise<Response> {
  const bound = boundOf(ctx);
  if (inlet.wiring.ownRoutes && bound() === "") return inlet.fromOutside(request, ctx, serve);
  const call = newInbound(inlet, entrypoint, ctx, request, null, (settled, scope) =>
    inScope(scope, () => serve(settled.request ?? request)),
  );
  return (await settle(inlet, call)) as Response;
}

/** A `dispatch` that reached a woven entrypoint; `run` walks to the member and calls it. */
export async function takeRpc(
  inlet: Inlet,
  entrypoint: string,
  ctx: RuntimeContext,
  envelope: string,
  rpc: RpcParts,
  run: () => Promise<unknown>,
): Promise<unknown> {
  const call = newInbound(inlet, entrypoint, ctx, null, rpc, async (settled, scope) =>
    guard(await inScope(scope, run), { isolate: inlet.isolate, scope, principal: settled.principal }),
  );
  return settle(inlet, { ...call, envelope });
}

async function settle(inlet: Inlet, call: InboundCall): Promise<unknown> {
  const outcome = await inlet.inbound(call);
  if (outcome.kind === "answer") return outcome.value;
  throw outcome.kind === "failure" ? outcome.error : new HeddleError(outcome.reason);
}

function newInbound(
  inlet: Inlet,
  entrypoint: string,
  ctx: RuntimeContext,
  request: Request | null,
  rpc: RpcParts | null,
  run: (call: InboundCall, scope: Scope) => Promise<unknown>,
): InboundCall {
  const waitUntil: WaitUntil = (promise) => ctx.waitUntil(promise);
  return {
    isolate: inlet.isolate,
    entrypoint,
    waitUntil,
    bound: boundOf(ctx),
    isLoopback: () => heddleProps(ctx)?.["loopback"] === inlet.wiring.loopback,
    envelope: request?.headers.get(HEDDLE) ?? "",
    request,
    rpc,
    run: (call) => run(call, scopeOf(inheritedContext(inlet.isolate, call.context), waitUntil)),
    context: null,
    contextText: "",
    proofText: "",
    level: "session",
    verified: null,
    principal: "",
    viaRelay: false,
    reason: null,
    detail: "",
  };
}

/** The relay's word about whom it speaks for ends here: the callee's own calls are its own. */
function inheritedContext(isolate: Isolate, context: CallContext | null): CallContext {
  if (context === null) return rootContext(() => isolate.random());
  return context.onBehalf === "" && context.to === "" ? context : { ...context, onBehalf: "", to: "" };
}

function boundOf(ctx: RuntimeContext): () => string {
  let known: string | undefined;
  return () => {
    const workload = known ?? heddleProps(ctx)?.["workload"];
    known = typeof workload === "string" ? workload : "";
    return known;
  };
}
