// Owns the state of one logical call on its way out (outbound, edge) and one on its way in (inbound).
import type { CallContext } from "../contract/context.ts";
import type { IdentityLevel } from "../contract/identity.ts";
import type { UserIssuer } from "../contract/policy.ts";
import type { Reason } from "../contract/reasons.ts";
import type { Backend, Rule } from "../contract/rule.ts";
import type { Endpoint, ServiceChunk } from "../contract/service.ts";
import type { BreakerPolicy, BypassFeature } from "../contract/table.ts";
import type { Dialled } from "../contract/wiring.ts";
import type {
  Circuit,
  EndpointBinding,
  Isolate,
  Keeper,
  MintedProof,
  Tagged,
  Scope,
  Verified,
} from "./isolate.ts";

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

/** A header by its name in lower case, the host too, which has a place of its own; null where there is none. */
export const headerOf = ({ headers, host }: HttpParts, name: string): string | null =>
  headers[name] ?? (name === "host" ? host : null);

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
  /** Speaks for another workload (the relay), or for one of another trust domain (the gateway). */
  onBehalf: string;
  /** Edge only: all headers of a request that carries a workload identity token, as they came. */
  readonly shown?: readonly (readonly [name: string, value: string])[];

  /** The Gateway whose listener took the request, edge only. */
  gateway?: string;
  /** How tokens of end users are verified, edge only; where it is absent, none can be. */
  readonly verifyUser?: (
    authorization: string,
    issuers: readonly UserIssuer[],
    nowMs: number,
  ) => Promise<
    | { readonly claims: Readonly<Record<string, unknown>>; readonly issuer: UserIssuer }
    | { readonly fault: string }
  >;
  /** Verified claims of the end user, edge only. */
  claims?: Readonly<Record<string, unknown>>;
  /** The cohort is that of a known user: no cookie needs to keep it. */
  isDerived?: boolean;
  spanId: string;
  cohort: string;
  deadlineMs: number;
  chunk: ServiceChunk | null;
  rule: Rule | null;
  /** Backends in the order retry takes them. */
  order: readonly Backend[];
  backend: Backend | null;
  /** The backend a session is kept with, whatever its weight. */
  kept?: Backend;
  /** The endpoint a session is kept with. */
  pin?: string;
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
  /** The circuit of the running attempt, until it is settled; null where none counts. */
  circuit: Circuit | null;
  /** The policy by which its outcome is judged. */
  breaker: BreakerPolicy | null;
  /** By what lease the running attempt passed it, see `Circuit.admit`. */
  lease: number;
  /** Whether the running attempt proves from the deploy seed; null lets prove choose, which writes its choice. */
  isSeed: boolean | null;
  attempts: number;
  /** Attempts that were sent: what is refused on the way to the binding is none. */
  dispatched: number;
  /** `backendRequest` timeout of one attempt; 0 is none. */
  perTryMs: number;
  /** When the call began. */
  startMs: number;
  /** When the running attempt began, and what had been dispatched by then. */
  attemptStartMs: number;
  sentBefore: number;
  /** When the running attempt must end: the tighter of `deadlineMs` and `perTryMs`. */
  attemptEndMs: number;
  bypassed: BypassFeature[] | null;
  /** Why the mesh refused or the endpoint failed, once settled. */
  reason: Reason | null;
  detail: string;
}

/** One call on its way in. */
export interface InboundCall extends Tagged {
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
  run(): unknown;
  /** What of a value that the application returned goes to the caller; a promise where the late part must come first. */
  given(value: unknown): unknown;
  /** The answer to an upgrade, its socket closed when the caller is revoked. */
  upgraded(response: Response): Promise<Response> | Response;

  startMs: number;
  context: CallContext | null;
  contextText: string;
  proofText: string;
  level: IdentityLevel;
  verified: Verified | null;
  principal: string;
  viaRelay: boolean;
  /** Why the caller may not use a member (`().name`) of what the call returns, by policy; absent or null: any. */
  mayUse?: ((member: string) => Reason | null) | null;
  reason: Reason | null;
  detail: string;
}
