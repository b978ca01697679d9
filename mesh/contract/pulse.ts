// Owns what isolates tell the objects' Worker and what comes back (docs/wire.md, "Pulse"). Plain types.
import type { Revocation } from "./identity.ts";

export const PULSE_FORMAT = 1;

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
}

/** The objects' Worker's `Pulse` entrypoint, reached through the `HEDDLE_PULSE` binding. */
export interface PulseApi {
  report(report: PulseReport): Promise<PulseReply>;
}
