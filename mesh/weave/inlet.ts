// The way into one Worker: makes the inbound call, runs the chain, and the application inside its scope.
import type { CallContext } from "../contract/context.ts";
import { HEDDLE, HEDDLE_REASON, PROXY_STATUS } from "../contract/headers.ts";
import type { IdentityLevel } from "../contract/identity.ts";
import type { Reason } from "../contract/reasons.ts";
import type { Wiring } from "../contract/wiring.ts";
import type { InboundCall, RpcParts } from "../pipeline/call.ts";
import { rootContext } from "../pipeline/context.ts";
import type { Next } from "../pipeline/filter.ts";
import type { Outcome } from "../pipeline/outcome.ts";
import type { Isolate, Keeper, Scope, Verified } from "../pipeline/isolate.ts";
import { unwrap } from "../pipeline/problem.ts";
import { heddleProps, propOf, type Loop } from "./hand-on.ts";
import { withLate } from "./load-late.ts";
import { guard } from "./membrane.ts";
import type { OpenBatch } from "./queue.ts";
import { entryScope, inScope, scopeOf } from "./scope.ts";

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
  /** The scope of a queue's batch; absent where the Worker consumes none. */
  readonly openBatch: OpenBatch | undefined;
  /** Static assets before the default export; null without. */
  readonly front: ((request: Request, serve: Serve) => Promise<Response>) | null;
}

/** As much of ExecutionContext and DurableObjectState as the mesh uses. */
export type RuntimeContext = Keeper;

/** The application's own fetch handler. */
export type Serve = (request: Request) => Promise<Response> | Response;

/** The application's own member, called or read; the envelope is for the relay, which hands it on. */
export type Perform = (rpc: RpcParts, envelope: string) => unknown;

/** A `fetch` that reached a woven entrypoint. */
export function takeFetch(
  inlet: Inlet,
  entrypoint: string,
  ctx: RuntimeContext,
  request: Request,
  serve: Serve,
): Promise<Response> {
  const served = entrypoint === "" ? behind(inlet.front, serve) : serve;
  // Routes lead to the default export; a named one is reached by a binding only, and that has to be ours.
  if (inlet.fromOutside !== null && entrypoint === "" && workloadOf(ctx) === "")
    return inlet.fromOutside(request, ctx, served);
  const envelope = request.headers.get(HEDDLE) ?? "";
  const call = new Incoming(inlet, entrypoint, ctx, envelope, request, null, served);
  return settle(call) as Promise<Response>;
}

const behind = (front: Inlet["front"], serve: Serve): Serve =>
  front === null ? serve : (settled) => front(settled, serve);

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
  return settle(new Incoming(inlet, entrypoint, ctx, envelope, null, { path, args }, perform));
}

/** The scope of an event of the platform: its own, but for messages that carry one. */
export const eventScope = (inlet: Inlet, event: unknown, ctx: RuntimeContext): Scope =>
  inlet.openBatch?.(event, ctx) ?? entryScope(inlet.isolate, ctx);

const isPath = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((name) => typeof name === "string");

function settle(call: Incoming): Promise<unknown> {
  const settled = call.inlet.inbound(call);
  return settled instanceof Promise ? settled.then(unwrap) : opening(settled);
}

const opening = async (outcome: Outcome): Promise<unknown> => unwrap(outcome);

/** One call on its way in; a class, so that its functions cost nothing per call. */
class Incoming implements InboundCall {
  readonly inlet: Inlet;
  readonly isolate: Isolate;
  readonly entrypoint: string;
  readonly keeper: RuntimeContext;
  readonly envelope: string;
  request: Request | null;
  readonly rpc: RpcParts | null;
  context: CallContext | null = null;
  contextText = "";
  proofText = "";
  level: IdentityLevel = "session";
  verified: Verified | null = null;
  principal = "";
  viaRelay = false;
  mayUse: ((member: string) => Reason | null) | null = null;
  reason: Reason | null = null;
  detail = "";
  startMs = 0;
  readonly #act: Serve | Perform;
  #scope: Scope | null = null;

  constructor(
    inlet: Inlet,
    entrypoint: string,
    ctx: RuntimeContext,
    envelope: string,
    request: Request | null,
    rpc: RpcParts | null,
    act: Serve | Perform,
  ) {
    this.inlet = inlet;
    this.isolate = inlet.isolate;
    this.entrypoint = entrypoint;
    this.keeper = ctx;
    this.envelope = envelope;
    this.request = request;
    this.rpc = rpc;
    this.#act = act;
  }

  bound(): string {
    return workloadOf(this.keeper);
  }

  tag(): string {
    return propOf(this.keeper, "tag");
  }

  isLoopback(): boolean {
    return heddleProps(this.keeper)?.["loopback"] === this.inlet.wiring.loopback;
  }

  run(): unknown {
    return inScope(this.#own(), () =>
      this.#act((this.rpc ?? this.request) as never, this.envelope),
    );
  }

  given(value: unknown): unknown {
    const { isolate, principal, mayUse } = this;
    const scope = this.#own();
    return this.rpc === null
      ? this.#told(scope, value)
      : guard(value, { isolate, scope, principal, caller: this, mayUse, path: "()" });
  }

  upgraded(response: Response): Promise<Response> | Response {
    return this.principal === this.isolate.workload
      ? response
      : withLate(({ watchSocket }) => watchSocket(response, this));
  }

  /** The scope of all that the call does here. */
  #own(): Scope {
    return (this.#scope ??= scopeOf(inheritedContext(this.isolate, this.context), this.keeper));
  }

  /** A failure behind one of an upstream says so to the caller's mesh, which then holds nothing against this Worker. */
  #told(scope: Scope, value: unknown): unknown {
    if (!scope.isTroubled || !(value instanceof Response)) return value;
    const { status } = value;
    const isOwn = status < 502 || status > 504 || value.headers.has(PROXY_STATUS);
    if (isOwn || this.principal === "" || this.verified?.request !== undefined) return value;
    const told = new Response(value.body, value);
    told.headers.set(HEDDLE_REASON, "upstream_status");
    return told;
  }
}

/** The relay's word about whom it speaks for ends here: the callee's own calls are its own. */
function inheritedContext(isolate: Isolate, context: CallContext | null): CallContext {
  if (context === null) return rootContext(() => isolate.random());
  return context.onBehalf === "" && context.to === ""
    ? context
    : { ...context, onBehalf: "", to: "" };
}

const workloadOf = (ctx: RuntimeContext): string => propOf(ctx, "workload");
