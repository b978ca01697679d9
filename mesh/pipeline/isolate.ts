// Owns what filters may know of the isolate they run in; mesh/platform implements it, tests and the simulator fake it.
import type { CallContext } from "../contract/context.ts";
import type { IdentityLevel } from "../contract/identity.ts";
import type { PolicyChunk } from "../contract/policy.ts";
import type { PulseApi, Verdict } from "../contract/pulse.ts";
import type { Reason } from "../contract/reasons.ts";
import type { GatewaysChunk, HostChunk } from "../contract/gateway.ts";
import type { RetryPolicy } from "../contract/rule.ts";
import type { ServiceChunk } from "../contract/service.ts";
import type { BypassFeature, Defaults } from "../contract/table.ts";
import type { TrustChunk } from "../contract/trust.ts";
import type { Late, Outward, Tracer } from "./late.ts";

/** What `dispatch` takes: envelope, path, and arguments or null to read a property; more may follow one day. */
export type DispatchCall = readonly [
  envelope: string,
  path: readonly string[],
  args: readonly unknown[] | null,
];

/** A service binding as the mesh uses it: `fetch` and the one RPC method of a woven entrypoint. */
export interface EndpointBinding {
  fetch(input: string, init: RequestInit): Promise<Response>;
  /** One argument, so that a handler object can take it too: RPC on those allows exactly one. */
  dispatch(call: DispatchCall): Promise<unknown>;
}

/** The table as filters read it. */
export interface TableView {
  readonly version: number;
  readonly defaults: Defaults;
  readonly splits: boolean;
  service(service: string): ServiceChunk | null;
  gateways(): GatewaysChunk | null;
  /** By chunk id: what is behind a hostname, or a part of it. */
  host(id: string): HostChunk | null;
  /** The level the workload asks for, from the signed directory. */
  level(workload: string): IdentityLevel;
  /** Whether the workload proves its answers with their bodies. */
  isBodied(workload: string): boolean;
  bypassed(feature: BypassFeature, service: string): boolean;
  /** Other trust domains; null for none. */
  trust(): TrustChunk | null;
  /** Policies of a Worker, or of `gateway:ns/name`: undefined where none selects it, null where they cannot be read. */
  policy(at: string): PolicyChunk | null | undefined;
}

/** A proof to send: its text, and how the answer to a `request` proof is checked. */
export interface MintedProof {
  readonly text: string;
  readonly isDegraded: boolean;
  /** Gives the digest the answer's body must have, or `-`; null when the answer does not verify. */
  readonly checkAnswer?: (
    header: string | null,
    status: number,
    contentType: string,
  ) => string | null;
}

/** What a `request` proof covers beside identity, time and nonce. */
export interface CoveredFields {
  readonly method: string;
  readonly authority: string;
  readonly path: string;
  readonly query: string;
  readonly context: string;
  readonly contentType: string;
  /** Of the body, base64url SHA-256, or `-`. Unread when verifying: the proof carries it. */
  readonly digest: string;
}

/** For proofs that cover nothing of the call. */
export const NOTHING: CoveredFields = {
  method: "",
  authority: "",
  path: "",
  query: "",
  context: "",
  contentType: "",
  digest: "-",
};

/** What the callee learns from a good proof. */
export interface Verified {
  readonly principal: string;
  readonly kind: "capability" | "session" | "request";
  readonly isDegraded: boolean;
  /** Only at `request`. */
  readonly request?: {
    readonly nonce: string;
    /** The proof's MAC, which stands for it where it is remembered. */
    readonly mac: string;
    /** A GET or HEAD was proved. */
    readonly isSafe: boolean;
    readonly digest: string;
    /** The answer with its `heddle-answer` header, over status, content type, nonce, request tag and, where asked, body. */
    readonly prove: (
      response: Response,
      status: number,
      to: { readonly request: Request | null; readonly isolate: Isolate },
    ) => Promise<Response> | Response;
  };
}

/** Keys and proofs, behind one door. */
export interface ProofBox {
  /** Null: no key for the audience. `isSeed` asks for the deploy seed's key. */
  mint(
    audience: string,
    level: IdentityLevel,
    covered: CoveredFields,
    nowMs: number,
    isSeed: boolean,
  ): MintedProof | null;
  /** Whether the audience lately did not know our epoch: the seed proves at once, since not every body can go twice. */
  isInDoubt(audience: string, nowMs: number): boolean;
  doubt(audience: string, nowMs: number): void;
  /** What an accepted session proof said, while its slot lasts; one Map.get. */
  recall(proof: string, level: IdentityLevel, nowMs: number): Verified | null;
  /** `covered` is called only where the proof binds the request, `bound` only at `capability`. */
  verify(
    proof: string,
    bound: () => string,
    level: IdentityLevel,
    covered: () => CoveredFields,
    nowMs: number,
  ): Verified | Reason;
  /** Whether the principal's proof was accepted on a binding of its own within this slot; spares reading props. */
  isKnown(principal: string, nowMs: number): boolean;
  /** Keeps a session proof that was verified and belongs to whom the binding's props attest. */
  accept(proof: string, verified: Verified, nowMs: number): void;
  /**
   * Null the first time a proof is seen within its window, else the reason. `tag` stands for it: its MAC, or a digest of
   * its nonce, of which 60 bits are remembered.
   */
  admitNonce(tag: string, isSafe: boolean, nowMs: number): Reason | null;
}

/** What `Circuit.admit` answers beside the number of a lease. */
export const LEASE = { none: 0, refused: -1, own: -2 } as const;

/** What a circuit asks of an attempt beside its outcome. */
export interface CircuitAttempt {
  /** It has left this Worker. */
  readonly isSent: boolean;
  /** Another one of the same call had left before it. Absent: none had. */
  readonly isRetry?: boolean;
  /** It is a retry that was not made since the circuit is braked. Absent: false. */
  readonly isWithheld?: boolean;
  readonly tookMs: number;
}

/** The circuit of one endpoint. */
export interface Circuit {
  /** The name of its object. */
  readonly object: string;
  /** Nothing stands in the way of a call. */
  isClosed(): boolean;
  /**
   * Of one that is not closed: `LEASE.none` where calls pass again, `LEASE.refused`, or the lease of a probe, which is
   * `LEASE.own` where nobody could be asked for one. Waits 50 ms at most, once a second.
   */
  admit(leftMs: number, keeper: Keeper): Promise<number> | number;
  /** Counts an admitted call that plainly ended well. */
  good(): void;
  /** Counts what came of another one, with the late part loaded; `isOk` null says nothing of the endpoint. */
  settle(
    isOk: boolean | null,
    isSlow: boolean,
    lease: number,
    failureRatio: number,
    attempt: CircuitAttempt,
  ): void;
}

/** In-isolate load of one endpoint. */
export interface EndpointLoad {
  inFlight: number;
}

/** In-isolate state of one destination service. */
export interface ServiceState {
  inFlight: number;
  readonly loads: Map<string, EndpointLoad>;
  /** Smooth weighted round robin's current weights, by endpoint index. */
  readonly turns: number[];
  /** The retry budget, changed in place; `isOpen`: it got what it opens with. */
  readonly budget: { tokens: number; isOpen?: boolean };
}

/** One finished logical call, as counters and the access log see it. */
export interface CallRecord {
  readonly side: "outbound" | "inbound" | "edge";
  readonly source: string;
  readonly destination: string;
  readonly endpoint: string;
  readonly route: string;
  readonly status: number;
  readonly reason: Reason | null;
  readonly attempts: number;
  /** Attempts sent after the first one. */
  readonly retries: number;
  readonly durationMs: number;
  readonly traceId: string;
  readonly bypassed: readonly BypassFeature[];
  readonly detail: string;
}

/** One attempt that was sent. */
export interface AttemptRecord {
  readonly source: string;
  /** The backend's service. */
  readonly destination: string;
  readonly endpoint: string;
  readonly route: string;
  readonly status: number;
  readonly reason: Reason | null;
  readonly isRetry: boolean;
  readonly durationMs: number;
}

/** Who came by a binding of ours. */
export interface Tagged {
  /** The version tag its props attest; empty for none. Reading props is dear: ask last. */
  tag(): string;
}

/** What the mesh keeps per isolate, and how the chains reach the runtime. */
export interface Isolate {
  readonly workload: string;
  readonly trustDomain: string;
  readonly proofs: ProofBox;
  now(): number;
  random(): number;
  sleep(ms: number): Promise<void>;
  table(): TableView | null;
  /** The late part; here whenever the table in use says that it needs it. */
  late(): Late | null;
  /** Loads it for a call that needs it although no table has said so; false where it cannot be had. */
  loadLate(): Promise<boolean>;
  /** Undefined when fresh enough to decide; else a bounded wait. Never rejects. */
  ready(keeper: Keeper): Promise<void> | undefined;
  /** Whether the last sync is recent enough for a `strict` destination. */
  isFresh(): boolean;
  isDegraded(): boolean;
  /** By the newest revocations known here; `caller` is asked for its version only where one of the workload is revoked. */
  isRevoked(workload: string, caller?: Tagged): boolean;
  service(name: string): ServiceState;
  /** By service, endpoint id and the scope a policy gives circuits of their own; an empty one is none. */
  circuit(service: string, endpoint: string, scope: string): Circuit;
  /** What objects said last, and when somebody with authority spoke last. */
  news(): { readonly heard: readonly Verdict[]; readonly lastSyncMs: number };
  reach(
    workload: string,
    entrypoint: string,
    override?: Readonly<Record<string, string>>,
  ): EndpointBinding | null;
  relay(): EndpointBinding | null;
  /** The objects' Worker, for what strict calls ask on the path. */
  pulse(): Pick<PulseApi, "admit"> | null;
  /** Calls that leave the mesh; null without the late part. */
  outward(): Outward | null;
  /** Null unless the table wants traces. */
  tracer(): Tracer | null;
  record(call: CallRecord): void;
  attempted(attempt: AttemptRecord): void;
  /** A call has ended: what it counted goes out with a pulse now or soon; not within a request of 28 invocations. */
  settled(keeper: Keeper, invocations: number, isUrgent: boolean): void;
}

/** Keeps work alive after the answer: the runtime's own ctx. */
export interface Keeper {
  waitUntil(promise: Promise<unknown>): void;
  /** Somebody waits for what it keeps alive: a queue holds its next batch back. Nothing is put off behind its calls. */
  readonly isBrief?: boolean;
}

/** The scope of one invocation: what an outgoing call inherits. */
export interface Scope {
  readonly context: CallContext;
  readonly keeper: Keeper;
  /** Nobody's span is the parent of what is called here: the trace begins with it. Absent: somebody's is. */
  readonly isRoot?: boolean;
  /** The release decision of the entry event; drawn once, by the first call that needs it. */
  cohort: string;
  /** Retries left for the whole scope; counts down. */
  allowance: number;
  /** An attempt made here did not end well: what the application then fails with may not be its own fault. */
  isTroubled?: boolean;
  /** Invocations this request has seen, counting up with every attempt made here. */
  invocations: number;
}

/** The retry policy that holds for a call, and whether a route wrote it, which bounds it by its attempts. */
export interface EffectiveRetry {
  readonly policy: RetryPolicy;
  readonly fromRoute: boolean;
}
