// Owns what isolates tell the objects' Worker and what comes back (docs/wire.md, "Pulse"). Plain types.
import type { Revocation } from "./identity.ts";
import type { TelemetryDelta } from "./telemetry.ts";

export const PULSE_FORMAT = 1;
/** A request that has seen as many Worker invocations does not pulse: the runtime ends it at 32. */
export const MOST_HOPS = 28;

/** One report of one isolate; who reports is read from the binding's props only. */
export interface PulseReport {
  readonly format: number;
  readonly isolate: string;
  /** Counts up by one per report; an object ignores what is not newer. */
  readonly sequence: number;
  /** Table version in use. */
  readonly version: number;
  /** A version this isolate refused, and why; null when none. */
  readonly nack: { readonly version: number; readonly reason: string } | null;
  /** What it tells single objects; of one object in the order of their sequences. Absent: nothing. */
  readonly parts?: readonly PulsePart[];
}

/** What an isolate tells one object; told again unchanged, under the same sequence, until it is acknowledged. */
export interface PulsePart {
  /** `breaker:ns/service|endpoint`, with `|scope` where a policy says so, or `telemetry:ns/service`. */
  readonly object: string;
  /** Counts up by one per isolate and object; an object ignores what is not newer. */
  readonly sequence: number;
  readonly delta: BreakerDelta | TelemetryDelta;
}

/** A part that its object has taken, or need not take again. */
export interface PartMark {
  readonly object: string;
  readonly sequence: number;
}

/** What an isolate saw of one circuit since the part before. */
export interface BreakerDelta {
  /** Generation of the circuit as the isolate knew it; 0 is unknown. */
  readonly generation: number;
  readonly ok: number;
  readonly failed: number;
  /** Of both, those that took longer than the policy's `slowMs`. */
  readonly slow: number;
  /** Of all three, those of about the last second: what was gathered longer says nothing of a burst. Absent: all. */
  readonly recent?: Pick<BreakerDelta, "ok" | "failed" | "slow">;
  /** Of `ok` and `failed`, those that were retries. Absent: none. */
  readonly retries?: number;
  /** Retries that were not made since the circuit said `isBraked`. Absent: none. */
  readonly withheld?: number;
  /** Calls it refused by its own judgement, before the object spoke: presumed failures. */
  readonly held: number;
  /** Failures since the last success. */
  readonly run: number;
  readonly probes: readonly ProbeResult[];
}

/** What came of a leased probe; `isOk` null: it says nothing of the endpoint. */
export interface ProbeResult {
  readonly lease: number;
  readonly isOk: boolean | null;
  /** The endpoint was never asked: another call may have the lease. Absent: false. */
  readonly isUnused?: boolean;
}

/** The object name of a circuit in a pulse part. */
export const BREAKER_OBJECT = "breaker:";

/** `isolated` is held open by hand. */
export type CircuitState = "closed" | "open" | "half_open" | "isolated";

/** What an object says of a circuit; times are relative, since clocks differ. */
export interface Verdict {
  /** The object's name, as in a part. */
  readonly object: string;
  readonly state: CircuitState;
  /** Rises with every change of state; a lower one than known is old. */
  readonly generation: number;
  /** Until leases of probes are given out, ms; 0 unless `open`. */
  readonly probeInMs: number;
  /** A twentieth of the calls or more failed of late. Absent: no. */
  readonly isRough?: boolean;
  /** Too many of the attempts were retries: none goes to its service. Absent: no. */
  readonly isBraked?: boolean;
}

export interface PulseReply {
  readonly format: number;
  /** The `sequence` taken. */
  readonly acknowledged: number;
  /** Newest published version known, at most 1 s old; 0 before the first. */
  readonly newest: number;
  readonly revocations: readonly Revocation[];
  /** When to report next, ms. */
  readonly nextMs: number;
  /** Parts that were taken. Absent: none. */
  readonly parts?: readonly PartMark[];
  /** Circuits that are not closed, closed lately, rough or braked, and those the report told of. Absent: none. */
  readonly verdicts?: readonly Verdict[];
  /** Isolates that report; above 500 a failure is told at once with probability 500 / reporters. Absent: 1. */
  readonly reporters?: number;
}

/** Asks for a probe of an open circuit whose time has come. */
export interface LeaseRequest {
  readonly format: number;
  readonly isolate: string;
  /** The object's name, as in a part. */
  readonly object: string;
}

/** The answer: a lease, or none; the verdict says why. */
export interface LeaseReply {
  readonly format: number;
  /** Number of the lease; 0 is none. */
  readonly lease: number;
  readonly verdict: Verdict;
}

/** Asks whether a strict call's nonce is seen for the first time; who asks is read from the binding's props only. */
export interface AdmitRequest {
  readonly format: number;
  /** The workload that was proved. */
  readonly caller: string;
  readonly key: string;
}

export interface AdmitReply {
  readonly format: number;
  readonly first: boolean;
}

/** The objects' Worker's `Pulse` entrypoint, reached through the `HEDDLE_PULSE` binding. */
export interface PulseApi {
  report(report: PulseReport): Promise<PulseReply>;
  lease(request: LeaseRequest): Promise<LeaseReply>;
  admit(request: AdmitRequest): Promise<AdmitReply>;
}
