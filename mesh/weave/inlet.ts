// The way into one Worker: makes the inbound call, runs the chain, and the application inside its scope.
import type { CallContext } from "../contract/context.ts";
import { HEDDLE } from "../contract/headers.ts";
import type { IdentityLevel } from "../contract/identity.ts";
import type { Reason } from "../contract/reasons.ts";
import type { Wiring } from "../contract/wiring.ts";
import type { InboundCall, RpcParts } from "../pipeline/call.ts";
import { rootContext } from "../pipeline/context.ts";
import type { Next } from "../pipeline/filter.ts";
import type { Isolate, Keeper, Scope, Verified } from "../pipeline/isolate.ts";
import { HeddleError } from "../pipeline/problem.ts";
import { heddleProps, type Loop } from "./hand-on.ts";
import { guard } from "./membrane.ts";
import { inScope, scopeOf } from "./scope.ts";
import { watchSocket } from "./socket.ts";

/** What the inbound side of a woven export needs; one per isolate. */
export interface Inlet {
  readonly isolate: Isolate;
  readonly wiring: Wiring;
  readonly inbound: Next<InboundCall>;
  readonly loop: Loop;
  /** Serves who comes by the Worker's own routes; null where it has none. */
  readonly fromOutside:
    | ((request: Request, ctx: RuntimeContext, run: Serve) => Promise<Response>)
    | null;
  /** Static assets before the default export; null without. */
  readonly front: ((request: Request, serve: Serve) => Promise<Response>) | null;
}

/** As much of ExecutionContext and DurableObjectState as the mesh uses. */
export type RuntimeContext = Keeper;

/** The application's own fetch handler. */
export type Serve = (request: Request) => Promise<Response>;

/** The application's own member, called or read; the envelope is for the relay, which hands it on. */
export type Perform = (rpc: RpcParts, envelope: string) => Promise<unknown>;

/** A `fetch` that reached a woven entrypoint. */
export function takeFetch(
  inlet: Inlet,
  entrypoint: string,
  ctx: RuntimeContext,
  request: Request,
  serve: Serve,
): Promise<Response> {
  const front = entrypoint === "" ? inlet.front : null;
  const served: Serve = front === null ? serve : (settled) => front(settled, serve);
  // Routes lead to the default export; a named one is reached by a binding only, and that has to be ours.
  if (inlet.fromOutside !== null && entrypoint === "" && workloadOf(ctx) === "")
    return inlet.fromOutside(request, ctx, served);
  const envelope = request.headers.get(HEDDLE) ?? "";
  const call = new FetchCall(inlet, entrypoint, ctx, envelope, request, served);
  return settle(call) as Promise<Response>;
}

/** A `dispatch` that reached a woven entrypoint; `perform` walks to the member and calls it. */
export function takeRpc(
  inlet: Inlet,
  entrypoint: string,
  ctx: RuntimeContext,
  given: unknown,
  perform: Perform,
): Promise<unknown> {
  const call: readonly unknown[] = Array.isArray(given) ? given : [];
  const [envelope, path, args] = call;
  if (typeof envelope !== "string" || !isPath(path) || !(args === null || Array.isArray(args)))
    return Promise.resolve({ heddleRefused: "malformed" satisfies Reason });
  return settle(new RpcCall(inlet, entrypoint, ctx, envelope, { path, args }, perform));
}

const isPath = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((name) => typeof name === "string");

async function settle(call: Incoming): Promise<unknown> {
  const outcome = await call.inlet.inbound(call);
  if (outcome.kind === "answer") return outcome.value;
  throw outcome.kind === "failure" ? outcome.error : new HeddleError(outcome.reason);
}

/** One call on its way in; a class, so that its functions cost nothing per call. */
abstract class Incoming implements InboundCall {
  readonly inlet: Inlet;
  readonly isolate: Isolate;
  readonly entrypoint: string;
  readonly keeper: RuntimeContext;
  readonly envelope: string;
  abstract request: Request | null;
  abstract readonly rpc: RpcParts | null;
  context: CallContext | null = null;
  contextText = "";
  proofText = "";
  level: IdentityLevel = "session";
  verified: Verified | null = null;
  principal = "";
  viaRelay = false;
  reason: Reason | null = null;
  detail = "";

  constructor(inlet: Inlet, entrypoint: string, ctx: RuntimeContext, envelope: string) {
    this.inlet = inlet;
    this.isolate = inlet.isolate;
    this.entrypoint = entrypoint;
    this.keeper = ctx;
    this.envelope = envelope;
  }

  bound(): string {
    return workloadOf(this.keeper);
  }

  isLoopback(): boolean {
    return heddleProps(this.keeper)?.["loopback"] === this.inlet.wiring.loopback;
  }

  protected scope(): Scope {
    return scopeOf(inheritedContext(this.isolate, this.context), this.keeper);
  }

  abstract run(): Promise<unknown>;

  upgraded(response: Response): Response {
    return response;
  }
}

class FetchCall extends Incoming {
  request: Request;
  readonly rpc = null;
  readonly #serve: Serve;

  constructor(
    inlet: Inlet,
    entrypoint: string,
    ctx: RuntimeContext,
    envelope: string,
    request: Request,
    serve: Serve,
  ) {
    super(inlet, entrypoint, ctx, envelope);
    this.request = request;
    this.#serve = serve;
  }

  run(): Promise<unknown> {
    return inScope(this.scope(), () => this.#serve(this.request));
  }

  override upgraded(response: Response): Response {
    return this.principal === this.isolate.workload ? response : watchSocket(response, this);
  }
}

class RpcCall extends Incoming {
  request = null;
  readonly rpc: RpcParts;
  readonly #perform: Perform;

  constructor(
    inlet: Inlet,
    entrypoint: string,
    ctx: RuntimeContext,
    envelope: string,
    rpc: RpcParts,
    perform: Perform,
  ) {
    super(inlet, entrypoint, ctx, envelope);
    this.rpc = rpc;
    this.#perform = perform;
  }

  async run(): Promise<unknown> {
    const scope = this.scope();
    const value = await inScope(scope, () => this.#perform(this.rpc, this.envelope));
    return guard(value, { isolate: this.isolate, scope, principal: this.principal });
  }
}

/** The relay's word about whom it speaks for ends here: the callee's own calls are its own. */
function inheritedContext(isolate: Isolate, context: CallContext | null): CallContext {
  if (context === null) return rootContext(() => isolate.random());
  return context.onBehalf === "" && context.to === ""
    ? context
    : { ...context, onBehalf: "", to: "" };
}

function workloadOf(ctx: RuntimeContext): string {
  const workload = heddleProps(ctx)?.["workload"];
  return typeof workload === "string" ? workload : "";
}
