// Owns what a cold isolate asks control and what it gets (docs/wire.md, "Join"). Plain types.
import type { KeySet, Revocation } from "./identity.ts";
import type { Verdict } from "./pulse.ts";

export const JOIN_FORMAT = 1;
/** The member that names an isolate, in join and pulse: written by this name, since the bundle abbreviates the other uses. */
export const ISOLATE = "isolate";

/** First argument of `Workload.join`; who asks is read from the binding's props only. */
export interface JoinRequest {
  readonly format: number;
  /** Random id of the isolate, for acknowledgement. */
  readonly isolate: string;
  /** Table version in use; 0 is none. A reply with the same version carries no table. */
  readonly have: number;
}

/** What an isolate needs to begin; plain values only. */
export interface JoinReply {
  readonly format: number;
  readonly nowMs: number;
  readonly workload: string;
  readonly keys: KeySet;
  readonly revocations: readonly Revocation[];
  /** The table, or the part of it this workload may need, in the form of the KV value; null when `have` is newest. */
  readonly table: Uint8Array | null;
  readonly version: number;
  readonly admitRatio: number;
  /** Circuits that are not closed, closed lately, rough or braked. Absent: none. */
  readonly verdicts?: readonly Verdict[];
}

/** A workload identity token; plain values only. */
export interface IdentityReply {
  /** JWT of type `wit+jwt`, ES256, bound to the key it was asked for. */
  readonly token: string;
  /** When it ends. */
  readonly endMs: number;
}

/** Control's `Workload` entrypoint, reached through the `HEDDLE` binding. */
export interface WorkloadApi {
  join(request: JoinRequest): Promise<JoinReply>;
  /** A token for whoever holds the private half of a P-256 key; only the public half is taken. */
  identity(key: JsonWebKey): Promise<IdentityReply>;
}
