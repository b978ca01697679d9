// Owns what the late part offers: the bodies of filters that only some tables ask for. They lie in a module of their own,
// which an isolate loads before it takes a table that says so (`Directory.late`): no call ever waits for it.
import type { WorkloadApi } from "../contract/join.ts";
import type { BreakerDelta, PulseApi, Verdict } from "../contract/pulse.ts";
import type { Reason } from "../contract/reasons.ts";
import type { Backend, Cors, Fault, Rule, Session, Transform } from "../contract/rule.ts";
import type { Endpoint, ServiceChunk } from "../contract/service.ts";
import type { BreakerPolicy, CohortSource } from "../contract/table.ts";
import type { SPANS, SPANS_DROPPED } from "../contract/telemetry.ts";
import type { PolicyChunk } from "../contract/policy.ts";
import type { TrustChunk } from "../contract/trust.ts";
import type { IdentityLevel } from "../contract/identity.ts";
import type { InboundCall, OutboundCall } from "./call.ts";
import type { Next } from "./filter.ts";
import type {
  Circuit,
  CircuitAttempt,
  CoveredFields,
  EffectiveRetry,
  EndpointBinding,
  Isolate,
  Keeper,
  Verified,
} from "./isolate.ts";
import { refuse, type Outcome } from "./outcome.ts";

/** What a filter does for a call that asks for it; `given` is what the table says. */
export type Body<C, G> = (call: C, given: G, next: Next<C>) => Promise<Outcome> | Outcome;

/** An answer as it came, and its status, which need not be read again. */
export interface Answered {
  readonly value: Response;
  readonly status: number;
}

/** Everything in the late part; mesh/chains/late.ts lists where it comes from. */
export interface Late {
  /** The rule that wins for a call among a service's routes; null for none, undefined for the service itself. */
  readonly route: (chunk: ServiceChunk, call: OutboundCall) => Rule | null | undefined;
  /** Orders the backends of a rule that has several. */
  readonly split: Body<OutboundCall, Rule>;
  /** Level `request`. */
  readonly proveRequest: Body<OutboundCall, Asked>;
  readonly checkAnswer: Body<OutboundCall, Answered>;
  /** What a request proof must have covered; the digest is in the proof itself. */
  readonly covered: (call: InboundCall) => CoveredFields;
  readonly replay: Body<InboundCall, NonNullable<Verified["request"]>>;
  /** What a failed attempt comes to, with what the attempts after it did. */
  readonly repeat: (
    call: OutboundCall,
    failed: Outcome,
    effective: EffectiveRetry,
    again: Next<OutboundCall>,
  ) => Promise<Outcome>;
  /** Takes over a circuit at its first failure, or at the first word of its object. */
  readonly createTrouble: (
    object: string,
    good: GoodCalls,
    known: { isolate: string; isUrgent: boolean | null; reporters: number },
    pulse: PulseApi | null,
  ) => Trouble;
  /** Judges an outcome by the policy (null: the build's) and tells the circuit. */
  readonly settleCircuit: (
    circuit: Circuit,
    outcome: Outcome,
    attempt: {
      readonly isRpc: boolean;
      readonly refusedThere: Reason | null;
      readonly hadMs: number;
    } & CircuitAttempt,
    breaker: BreakerPolicy | null,
    lease: number,
  ) => void;
  /** The service's own policy for a call, and the scope that has circuits of its own by it. */
  readonly ownBreaker: (
    call: OutboundCall,
    endpoint: string,
    breakers: Readonly<Record<string, BreakerPolicy>>,
  ) => { readonly scope: string; readonly policy: BreakerPolicy | undefined };
  /** The cohort of a known user; empty where no source names one. */
  readonly cohort: (
    call: Pick<OutboundCall, "http" | "claims">,
    sources: readonly CohortSource[],
  ) => string;
  readonly session: Body<OutboundCall, Session>;
  readonly cors: Body<OutboundCall, Cors>;
  readonly fault: Body<OutboundCall, Fault>;
  /** For a rule and for a backend. */
  readonly transform: Body<OutboundCall, Transform>;
  readonly mirror: Body<OutboundCall, readonly Backend[]>;
  /** Chooses among several endpoints. */
  readonly balance: Body<OutboundCall, ServiceChunk>;
  readonly authorize: Body<InboundCall, PolicyChunk>;
  /** At a Gateway. */
  readonly authorizeEdge: Body<OutboundCall, PolicyChunk>;
  /** At a Worker's own routes: why not, and the request to go on with. */
  readonly authorizeOwn: (
    chunk: PolicyChunk,
    request: Request,
    subject: string,
  ) => { readonly reason: Reason | null; readonly detail: string; readonly request: Request };
  /** By nonce. */
  readonly guard: Body<InboundCall, string>;
  /** Makes an isolate's tracer; `count` is told of each span that was taken or given up. */
  readonly createTracer: (instance: () => string, count: (event: SpanEvent) => void) => Tracer;
  /** Makes an isolate's way to and from outside of the mesh. */
  readonly createOutward: (home: OutwardHome) => Outward;
}

/** Good calls of a circuit: not told yet, and those of this second and of the one before. */
export interface GoodCalls {
  startMs: number;
  ok: number;
  recent: number;
  before: number;
}

/** A circuit that has seen more than good calls. */
export interface Trouble extends Omit<Circuit, "object" | "good"> {
  learn(verdict: Verdict): void;
  /** What the object is to be told; null for nothing. */
  drain(): BreakerDelta | null;
}

/** What became of a span. */
export type SpanEvent = typeof SPANS | typeof SPANS_DROPPED;

/** Spans of one isolate; asked only while the table wants traces. */
export interface Tracer {
  /** Gives the attempt that begins a span id of its own, which the callee sees as its parent. */
  attempting(call: OutboundCall): void;
  /** The attempt has ended; `startMs` is when it began. */
  attempted(call: OutboundCall, outcome: Outcome, startMs: number): void;
  /** The logical call has ended. */
  called(call: OutboundCall, outcome: Outcome, startMs: number): void;
}

/** What an isolate asks for to prove itself outside of the mesh. */
export interface OutwardHome {
  readonly control: Pick<WorkloadApi, "identity"> | null;
  readonly known: {
    /** Values of the revocations in force. */
    readonly revoked: ReadonlySet<string>;
  };
  /** Who else is trusted; null for nobody. */
  trust(): TrustChunk | null;
}

/** A request as it is on the wire. */
export interface SentRequest {
  readonly method: string;
  /** Raw path and query. */
  readonly target: string;
  readonly scheme: "http" | "https";
  /** With `host`. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body?: Uint8Array;
}

/** A request of another mesh that was believed. */
export interface ShownRequest {
  /** SPIFFE id. */
  readonly subject: string;
  readonly sent: SentRequest;
  /** To go on with, without what proved it: its body was read. */
  readonly request: Request;
  /** The answer has to be proved. */
  readonly wantsProof: boolean;
}

/** Calls that leave the mesh, and answers to those that come from outside of it. */
export interface Outward {
  /** The binding of a `url` endpoint. */
  bind(endpoint: Endpoint, keeper: Keeper): EndpointBinding;
  /** The answer with this workload's proof; null where it cannot be had. */
  proveAnswer(request: SentRequest, response: Response, keeper: Keeper): Promise<Response | null>;
  /** Who sends a request that shows a token, or why it is not believed, for the log only. */
  believe(request: Request, admitNonce: (nonce: string) => boolean): Promise<ShownRequest | string>;
}

/** What a request proof is minted for. */
export interface Asked {
  readonly contextText: string;
  readonly audience: string;
  readonly level: IdentityLevel;
}

/** Hands a call to a late body. Without it, which no right table comes to, the call is refused: errors deny. */
export const toLate = <C, G>(
  body: Body<C, G> | undefined,
  call: C,
  given: G,
  next: Next<C>,
): Promise<Outcome> | Outcome => (body === undefined ? noLatePart() : body(call, given, next));

/** Late bodies that take a call with what the table says of it. */
type BodyName<C, G> = { [K in keyof Late]: Late[K] extends Body<C, G> ? K : never }[keyof Late];

/** What most filters with a late body do: a call of which the table says nothing goes on. */
export const whereGiven = <C extends { readonly isolate: Isolate }, G>(
  call: C,
  given: G | undefined,
  name: BodyName<C, G>,
  next: Next<C>,
): Promise<Outcome> | Outcome =>
  given === undefined
    ? next(call)
    : toLate(call.isolate.late()?.[name] as Body<C, G> | undefined, call, given, next);

/** Why a call is refused that cannot do without it. */
export const noLatePart = (): Outcome => refuse("mesh_error", "no late part");
