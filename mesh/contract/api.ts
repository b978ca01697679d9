// Owns the shapes that control's REST API answers with: made by control, read by the CLI. Plain types, no behaviour.
import type { CircuitState } from "./pulse.ts";
import type { IsolateSeen, WriteVerdict } from "./state.ts";

/** One resource named. */
export interface Ref {
  readonly kind: string;
  /** Absent for a kind that lives in no namespace. */
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** What became of one resource. */
export interface WriteOutcome extends Ref {
  readonly verdict: WriteVerdict;
  readonly resourceVersion: string;
}

/** Answer to a change. */
export interface WriteAnswer {
  readonly results: readonly WriteOutcome[];
  /** Table version that carries the change; null for a dry run. */
  readonly version: number | null;
  /** Conditions of the resources that do not hold, and what else an operator should know. */
  readonly warnings: readonly string[];
}

/** How far a table version has come. */
export interface Convergence {
  readonly version: number;
  /** The newest published version. */
  readonly newest: number;
  /** Acknowledged by every isolate that synced within the lease, or the lease has passed for the rest. */
  readonly inUse: boolean;
  /** Isolates known to use it, or a later one. */
  readonly acknowledged: readonly IsolateSeen[];
  /** Isolates that may still decide by an older table. */
  readonly pending: readonly IsolateSeen[];
  readonly leaseMs: number;
}

/** Counts of one kind over some time. */
export interface Golden {
  readonly count: number;
  /** All that did not end well: answers of 500 and above, refusals and failures; not what the caller itself broke off. */
  readonly errors: number;
  /** Attempts after the first of their call: that these calls made, or that these attempts were. */
  readonly retries: number;
  /** Share that ended well, 0 to 1; 1 of nothing. */
  readonly success: number;
  readonly perSecond: number;
  /** Null where nothing was timed. */
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  readonly outcomes: Readonly<Record<string, number>>;
}

/** One caller's calls to one destination. */
export interface Edge {
  readonly source: string;
  readonly destination: string;
  /** Logical calls as the caller saw them; null where it made none (a backend of somebody else's route). */
  readonly effective: Golden | null;
  /** Attempts at the destination's endpoints; null where none was made. */
  readonly actual: Golden | null;
  /** Logical calls that the caller's mesh refused, by reason. */
  readonly refusals: Readonly<Record<string, number>>;
  /** Calls of this source that the destination's own mesh refused, by reason. */
  readonly inbound: Readonly<Record<string, number>>;
  readonly routes: readonly (Golden & { readonly route: string })[];
  readonly endpoints: readonly (Golden & { readonly route: string; readonly endpoint: string })[];
}

/** One destination over all its callers. */
export interface ServiceStat extends Omit<Edge, "source" | "destination" | "routes" | "endpoints"> {
  readonly service: string;
}

/** What `heddle stat`, `edges` and `top` show. */
export interface Stat {
  /** The window asked for, ms; null: since ever. */
  readonly windowMs: number | null;
  readonly services: readonly ServiceStat[];
  readonly edges: readonly Edge[];
}

/** One circuit. */
export interface Circuit {
  /** `namespace/name`. */
  readonly service: string;
  readonly endpoint: string;
  /** An RPC method or a route with circuits of its own; empty: none. */
  readonly scope: string;
  readonly state: CircuitState;
  readonly generation: number;
  /** Until probes are let through, ms; 0 unless open. */
  readonly probeInMs: number;
  /** When its state changed last, ms since the epoch; 0: just now. */
  readonly changedMs: number;
}
