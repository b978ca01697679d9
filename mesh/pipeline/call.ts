// Owns the state of one logical call on its way out (outbound, edge) and one on its way in (inbound).
import type { CallContext } from "../contract/context.ts";
import type { IdentityLevel } from "../contract/identity.ts";
import type { Reason } from "../contract/reasons.ts";
import type { Backend, BypassFeature, Endpoint, Rule, ServiceChunk } from "../contract/table.ts";
import type { Dialled } from "../contract/wiring.ts";
import type { EndpointBinding, Isolate, Keeper, MintedProof, Scope, Verified } from "./isolate.ts";

/** A request as parts: a fresh one is built per attempt from these, nothing is cloned. */
export interface HttpParts {
  readonly url: string;
  readonly method: string;
  /** Names in lower case. */
  readonly headers: Record<string, string>;
  readonly body: BodyInit | null;
  /** The body can be sent again. */
  readonly replayable: boolean;
  readonly signal: AbortSignal | null;
  /** `request.cf` handed on; undefined for none. */
  readonly cf: unknown;
  /** What else the runtime is told with the request. */
  readonly extra?: RequestInit;
  /** All of several `set-cookie`, of which `headers` can hold but one. */
  readonly cookies?: readonly string[];
  /** Lower case, without port. */
  readonly host: string;
  readonly port: number;
  /** Raw path, begins with a slash. */
  readonly path: string;
  /** Raw query without its question mark. */
  readonly query: string;
}

/** An RPC call as parts; `args` null reads a property. */
export interface RpcParts {
  readonly path: readonly string[];
  readonly args: readonly unknown[] | null;
}

/** One logical call on its way out; filters write the second half as they decide. */
export interface OutboundCall {
  readonly isolate: Isolate;
  readonly scope: Scope;
  readonly side: "outbound" | "edge";
  readonly source: string;
  readonly dialled: Dialled;
  http: HttpParts | null;
  readonly rpc: RpcParts | null;
  /** The listener a request came in by, edge only: `gateway-ns/gateway`, listener name or empty, port. */
  readonly listener: {
    readonly gateway: string;
    readonly listener: string;
    readonly port: number;
  } | null;
  /** Speaks for another workload (the relay). */
  readonly onBehalf: string;

  spanId: string;
  cohort: string;
  deadlineMs: number;
  chunk: ServiceChunk | null;
  rule: Rule | null;
  /** Backends in the order retry takes them. */
  order: readonly Backend[];
  backend: Backend | null;
  /** Endpoint ids tried so far. */
  tried: string[];
  endpoint: Endpoint | null;
  binding: EndpointBinding | null;
  /** The `heddle` header or first argument of dispatch, made per attempt. */
  envelope: string;
  checkAnswer: MintedProof["checkAnswer"] | null;
  /** The runtime's promise of the running attempt, RPC only: what is pipelined on the result is asked of it. */
  sent: object | null;
  /** What the running attempt occupies: given back by `attempt`, however it ends. */
  held: { inFlight: number }[];
  /** Whether the running attempt proves from the deploy seed; null lets prove choose, which writes its choice. */
  isSeed: boolean | null;
  attempts: number;
  /** `backendRequest` timeout of one attempt; 0 is none. */
  perTryMs: number;
  /** When the running attempt must end: the tighter of `deadlineMs` and `perTryMs`. */
  attemptEndMs: number;
  bypassed: BypassFeature[] | null;
  /** Why the mesh refused or the endpoint failed, once settled. */
  reason: Reason | null;
  detail: string;
}

/** One call on its way in. */
export interface InboundCall {
  readonly isolate: Isolate;
  readonly entrypoint: string;
  readonly keeper: Keeper;
  /** The workload the binding's props attest; empty: reached without ours. Reading props is dear: ask last. */
  bound(): string;
  /** The binding is this Worker's own, through `ctx.exports`. */
  isLoopback(): boolean;
  readonly envelope: string;
  request: Request | null;
  readonly rpc: RpcParts | null;
  /** The application's own handler or method, in the scope of this call. */
  run(): Promise<unknown>;
  /** The answer to an upgrade, its socket closed when the caller is revoked. */
  upgraded(response: Response): Response;

  context: CallContext | null;
  contextText: string;
  proofText: string;
  level: IdentityLevel;
  verified: Verified | null;
  principal: string;
  viaRelay: boolean;
  reason: Reason | null;
  detail: string;
}
