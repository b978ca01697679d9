// Owns the RPC interface of each Durable Object; everyone talks to an object through these, never its class.
import type { Revocation } from "./identity.ts";
import type { BreakerDelta, LeaseReply, Verdict } from "./pulse.ts";
import type { StoredResource } from "./stored.ts";
import type { BreakerPolicy, SignedBy } from "./table.ts";
import type { SeriesDelta, TelemetryDelta } from "./telemetry.ts";

export type { StoredResource } from "./stored.ts";

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

/** What a control token may do, each more than the one before (docs/api.md). */
export const ROLES = ["read", "operate", "admin"] as const;
export type Role = (typeof ROLES)[number];

/** A control token; the token itself is kept nowhere. */
export interface ControlToken {
  readonly name: string;
  readonly role: Role;
  /** Name of the token that made it. */
  readonly by: string;
  readonly createdMs: number;
  readonly expiresMs: number;
}

/** Actions of the audit trail that workloads do by themselves, all the time. */
export const ISSUED_KEYS = "keys";
export const ISSUED_TOKEN = "identity token";

/** One entry of the audit trail. */
export interface AuditEntry {
  readonly id: number;
  readonly atMs: number;
  /** Name of the token. */
  readonly by: string;
  /** Method and path. */
  readonly action: string;
  /** HTTP status of the answer. */
  readonly status: number;
  /** What it was about, in words. */
  readonly subject: string;
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
  /** The control token of a digest (SHA-256, base64url); null for none, or one that has ended. */
  findToken(digest: string): Promise<ControlToken | null>;
  tokens(): Promise<readonly ControlToken[]>;
  /** False where the name is taken. */
  addToken(token: Omit<ControlToken, "createdMs">, digest: string): Promise<boolean>;
  /** False where there is none of the name. */
  removeToken(name: string): Promise<boolean>;
  audit(entry: Omit<AuditEntry, "id" | "atMs">): Promise<void>;
  /** Newest first, at most so many; those before an id, or with 0 all. */
  auditTrail(most: number, beforeId: number): Promise<readonly AuditEntry[]>;
}

/** Object `Issuer`, one per trust domain. */
export interface IssuerApi {
  /** Public ES256 key of the table signature, JWK, with its kid: the active one, or that of an id if there still is. */
  tableKey(kid?: string): Promise<JsonWebKey & { kid: string }>;
  /** ES256 signature (r‖s, 64 bytes) over the bytes with the active table key. */
  signTable(bytes: Uint8Array): Promise<{ readonly kid: string; readonly signature: Uint8Array }>;
  /** What a table says of its keys. */
  tableSignedBy(): Promise<SignedBy>;
  /** Master secrets (32 bytes each) of the epochs around now and of deploy seeds. */
  masters(): Promise<{
    readonly epochs: readonly MasterSecret[];
    /** Of the active slot. */
    readonly seed: MasterSecret;
    /** Of slots that are prepared, or were active: what callees have to know besides. Absent: none. */
    readonly others?: readonly MasterSecret[];
  }>;
  revoke(revocation: Omit<Revocation, "atMs">): Promise<readonly Revocation[]>;
  revocations(): Promise<readonly Revocation[]>;
  /** ES256 signature (r‖s, 64 bytes) over the bytes with the active token key. */
  signToken(bytes: Uint8Array): Promise<{ readonly kid: string; readonly signature: Uint8Array }>;
  /** Public keys of tokens (JWK with kid), active first; the sequence grows with every change. */
  tokenKeys(): Promise<{ readonly keys: readonly JsonWebKey[]; readonly sequence: number }>;
  /** Every key there is, by purpose. */
  slots(): Promise<readonly KeySlot[]>;
  /** Makes a new key take over, at once or when verifiers know it; answers its id. Earlier keys stay good until their end. */
  rotate(purpose: "token" | "seed" | "table", isAtOnce: boolean): Promise<string>;
}

/** What the secrets of audiences derive from. */
export interface MasterSecret {
  readonly kid: string;
  readonly secret: Uint8Array;
}

/** A key of Issuer's, its secret left out. */
export interface KeySlot {
  readonly kid: string;
  readonly purpose: "table" | "epoch" | "seed" | "token";
  readonly state: "prepared" | "active" | "retired" | "revoked";
  readonly preparedMs: number;
  readonly activeMs: number;
  readonly notAfterMs: number;
}

/** Object `ReplayGuard`, one per first character of the nonce. */
export interface ReplayGuardApi {
  /** True the first time a key is shown within the window of its proof, false after. */
  admit(key: string): Promise<boolean>;
}

/** What one isolate is known to run. */
export interface IsolateSeen {
  readonly workload: string;
  readonly isolate: string;
  readonly version: number;
  readonly seenMs: number;
  readonly nack: { readonly version: number; readonly reason: string } | null;
}

/**
 * Breaker policies of a table: by `ns/service`, with `|endpoint`, `|endpoint|scope` or `||scope` behind it; the empty
 * string is the mesh's default.
 */
export type BreakerPolicies = Readonly<Record<string, BreakerPolicy>>;

/** A part of a pulse as an object gets it, with the workload that the binding attests. */
export interface TakenPart<Delta> {
  readonly workload: string;
  readonly isolate: string;
  readonly sequence: number;
  readonly delta: Delta;
}

/** What a circuit or a shard of it says; `shards` absent: it is called directly, and a shard took nothing. */
export interface CircuitWord extends Verdict {
  /** It is a tree of as many shards: each isolate's parts go to its own, and a circuit that was called directly took none. */
  readonly shards?: number;
}

/** What a circuit says to a question for a lease. */
export type CircuitLease = Pick<LeaseReply, "lease" | "verdict"> & Pick<CircuitWord, "shards">;

/**
 * Object `CircuitBreaker`, one per circuit, under the name its parts carry; the name is told with each call. Of a circuit
 * that is a tree each shard is one too, under the name `shard N ` and the circuit's.
 */
export interface CircuitBreakerApi {
  /** Takes parts, each once, and says how the circuit stands; `calls`: it is a shard of it that tells, and was called so often. */
  merge(
    object: string,
    parts: readonly TakenPart<BreakerDelta>[],
    policy: BreakerPolicy,
    calls?: number,
  ): Promise<CircuitWord>;
  /** The same, and a lease of a probe where one may be given out; a shard takes no parts with it. */
  lease(
    object: string,
    parts: readonly TakenPart<BreakerDelta>[],
    policy: BreakerPolicy,
    calls?: number,
  ): Promise<CircuitLease>;
  /** Holds it open until it is reset. */
  trip(object: string): Promise<Verdict>;
  reset(object: string): Promise<Verdict>;
}

/** A circuit as Registry knows it. */
export interface CircuitSeen extends Verdict {
  /** When its state changed last. */
  readonly changedMs: number;
}

/** What Registry answers to a merge of sightings. */
export interface RegistryMerge {
  readonly newest: number;
  readonly revocations: readonly Revocation[];
  /** Isolates heard of within half a minute. */
  readonly reporters?: number;
  /** Circuits that are not closed, closed within a minute, rough or braked. */
  readonly circuits?: readonly Verdict[];
  /** Only where the asker has not those of the newest version. */
  readonly policies?: { readonly version: number; readonly breakers: BreakerPolicies } | null;
}

/** Object `Registry`, one per mesh. */
export interface RegistryApi {
  /** Takes reports, answers the newest version and the revocations in force. */
  merge(seen: readonly IsolateSeen[], havePolicies?: number): Promise<RegistryMerge>;
  published(version: number, atMs: number, breakers?: BreakerPolicies): Promise<void>;
  /** Takes what circuits say of themselves; a lower generation than known is old. */
  circuits(verdicts: readonly Verdict[]): Promise<void>;
  /** Every circuit that ever said something. */
  listCircuits(): Promise<readonly CircuitSeen[]>;
  /** The newest published version and when it was; 0 before the first. */
  newest(): Promise<{ readonly version: number; readonly atMs: number }>;
  /** Adds to the revocations in force; none is taken back, so the order of two calls does not matter. */
  addRevocations(revocations: readonly Revocation[]): Promise<void>;
  /** Isolates seen since `sinceMs`. */
  isolates(sinceMs: number): Promise<readonly IsolateSeen[]>;
}

/** What a `Telemetry` object has counted over some time. */
export interface TelemetryReading {
  /** When it was read, by the object's clock. */
  readonly nowMs: number;
  /** How long the counts were gathered, ms: the window asked for, or less where the object is younger. */
  readonly spanMs: number;
  readonly series: readonly SeriesDelta[];
}

/** Object `Telemetry`, one per destination service, under its name. */
export interface TelemetryApi {
  /** Takes parts, each once however often it comes; once it resolves they are stored. */
  take(parts: readonly TakenPart<TelemetryDelta>[]): Promise<void>;
  /** Sums of the last `windowMs` (at most 6 h); null: since ever. */
  read(windowMs: number | null): Promise<TelemetryReading>;
}
