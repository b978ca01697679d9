// Owns the RPC interface of each Durable Object; everyone talks to an object through these, never its class.
import type { Revocation } from "./identity.ts";

/** A resource as stored: Kubernetes-shaped, JSON. */
export interface StoredResource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly generation: number;
    readonly resourceVersion: string;
    readonly creationTimestamp: string;
    readonly uid: string;
  };
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
}

/** One write of a batch; the batch is applied whole or not at all. */
export interface ResourceWrite {
  readonly op: "put" | "delete";
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly spec?: Readonly<Record<string, unknown>>;
  /** If given, the stored version must equal it. */
  readonly resourceVersion?: string;
}

export type WriteVerdict =
  | "created"
  | "configured"
  | "unchanged"
  | "deleted"
  | "absent"
  | "conflict";

export interface WriteResult {
  readonly ok: boolean;
  readonly verdicts: readonly {
    readonly verdict: WriteVerdict;
    readonly resourceVersion: string;
  }[];
  /** Number of the newest write of all; a published table that carries it carries this batch. */
  readonly revision: number;
}

/** How far publishing is. */
export interface PublishState {
  /** Published table version; 0 before the first. */
  readonly version: number;
  /** Number of the newest write. */
  readonly revision: number;
  /** Number of the newest write that the published table carries. */
  readonly published: number;
  /** Table version KV holds; lower than `version` after a failed write. */
  readonly kvVersion: number;
}

/** The turn of the one publisher: what to compile and which version it becomes. */
export interface PublishTurn {
  readonly turn: number;
  readonly version: number;
  readonly previous: number;
  readonly resources: readonly StoredResource[];
}

/** Object `ConfigStore`, one per mesh. */
export interface ConfigStoreApi {
  list(kind?: string, namespace?: string): Promise<readonly StoredResource[]>;
  get(kind: string, namespace: string, name: string): Promise<StoredResource | null>;
  write(writes: readonly ResourceWrite[], by: string, dryRun: boolean): Promise<WriteResult>;
  /** Writes back statuses of resources whose generation is still the given one; fields left out stay. */
  writeStatuses(
    statuses: readonly {
      kind: string;
      namespace: string;
      name: string;
      generation: number;
      status: Readonly<Record<string, unknown>>;
    }[],
  ): Promise<void>;
  /** Null while another turn younger than 10 s is open, or the last publication is younger than `minGapMs`. */
  beginPublish(minGapMs: number): Promise<PublishTurn | null>;
  /**
   * Ends a turn; `version` null: nothing was published. The table's bytes are kept for `table`. False, and nothing kept,
   * where the turn was given up for lost meanwhile.
   */
  endPublish(
    turn: number,
    version: number | null,
    table?: { readonly bytes: Uint8Array; readonly isInKv: boolean },
  ): Promise<boolean>;
  publishedVersion(): Promise<number>;
  publishState(): Promise<PublishState>;
  /** The published table in the form of the KV value; null when its version is `have` or there is none. */
  table(have: number): Promise<{ readonly version: number; readonly bytes: Uint8Array } | null>;
  /** Says that KV holds this version now. */
  wroteKv(version: number): Promise<void>;
}

/** Object `Issuer`, one per trust domain. */
export interface IssuerApi {
  /** Public ES256 key of the table signature, JWK, with its kid. */
  tableKey(): Promise<JsonWebKey & { kid: string }>;
  /** ES256 signature (r‖s, 64 bytes) over the bytes with the table key. */
  signTable(bytes: Uint8Array): Promise<Uint8Array>;
  /** Master secrets of the epochs around now (32 bytes each) and of the deploy-seed slot. */
  masters(): Promise<{
    readonly epochs: readonly { readonly kid: string; readonly secret: Uint8Array }[];
    readonly seed: { readonly kid: string; readonly secret: Uint8Array };
  }>;
  revoke(revocation: Omit<Revocation, "atMs">): Promise<readonly Revocation[]>;
  revocations(): Promise<readonly Revocation[]>;
}

/** What one isolate is known to run. */
export interface IsolateSeen {
  readonly workload: string;
  readonly isolate: string;
  readonly version: number;
  readonly seenMs: number;
  readonly nack: { readonly version: number; readonly reason: string } | null;
}

/** Object `Registry`, one per mesh. */
export interface RegistryApi {
  /** Takes reports, answers the newest version and the revocations in force. */
  merge(
    seen: readonly IsolateSeen[],
  ): Promise<{ newest: number; revocations: readonly Revocation[] }>;
  published(version: number, atMs: number): Promise<void>;
  /** The newest published version and when it was; 0 before the first. */
  newest(): Promise<{ readonly version: number; readonly atMs: number }>;
  /** Adds to the revocations in force; none is taken back, so the order of two calls does not matter. */
  addRevocations(revocations: readonly Revocation[]): Promise<void>;
  /** Isolates seen since `sinceMs`. */
  isolates(sinceMs: number): Promise<readonly IsolateSeen[]>;
}
