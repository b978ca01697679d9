// How an isolate learns: join when cold, pulse when warm, KV and the bundle when nobody answers.
import { ISOLATE, JOIN_FORMAT } from "../contract/join.ts";
import { acknowledge, takeParts, type Outbox } from "../algorithms/pulse/outbox.ts";
import { PULSE_FORMAT, type Verdict } from "../contract/pulse.ts";
import { EPOCH_MS, type Revocation } from "../contract/identity.ts";
import { namespaceKey, TABLE_KEY } from "../contract/table.ts";
import type { Wiring } from "../contract/wiring.ts";
import type { Keyring } from "../identity/keyring.ts";
import { unwrapKeys } from "../identity/seed.ts";
import { importTableKey, openTable, type OpenTable, type TableOutcome } from "../identity/table.ts";
import type { WholeLate } from "./late.ts";
import type { MeshBindings } from "./bindings.ts";
import { now, random, sleep, uniqueId } from "./clock.ts";

/** Longest waits of a cold isolate: for the one join, then for KV, before the bundle serves. */
const JOIN_WAIT_MS = 300;
const KV_WAIT_MS = 50;

/** What an isolate knows of the mesh; one object per isolate, changed only here. */
export interface Knowledge {
  /** Drawn at the first request: module scope may not draw random values. */
  isolate: string;
  table: OpenTable | null;
  /** Null until a table needs it. */
  late: WholeLate | null;
  /** Control has answered since birth: keys of epochs, not of the seed. */
  hasJoined: boolean;
  /** The newest epoch whose keys are held. */
  epoch: number;
  lastSyncMs: number;
  revoked: ReadonlySet<string>;
  sequence: number;
  nack: { readonly version: number; readonly reason: string } | null;
  /** When the next pulse is due, ms after the last. */
  pulseEveryMs: number;
  readonly outbox: Outbox;
  /** Something was counted since the last pulse. */
  hasNews: boolean;
  /** It does not wait; null until that is drawn. */
  isUrgent: boolean | null;
  /** Isolates that report. */
  reporters: number;
  /** What objects said of circuits last. */
  heard: readonly Verdict[];
  /** Takes what objects say of circuits. */
  hear: (verdicts: readonly Verdict[]) => Promise<void>;
}

export const bornKnowledge = (): Knowledge => ({
  isolate: "",
  table: null,
  late: null,
  hasJoined: false,
  epoch: 0,
  lastSyncMs: -Number.POSITIVE_INFINITY,
  revoked: new Set(),
  sequence: 0,
  nack: null,
  pulseEveryMs: 1000,
  outbox: new Map(),
  hasNews: false,
  isUrgent: null,
  reporters: 1,
  heard: [],
  hear: async () => undefined,
});

/** Reports a second that one object should have, at most. */
const MOST_REPORTS = 500;

/** A failure, a refusal or a probe does not wait, unless so many isolates report that some must. */
export function noteUrgent(known: Pick<Knowledge, "isUrgent" | "reporters">): void {
  known.isUrgent ??= random() < MOST_REPORTS / known.reporters;
}

/** The sources of one isolate; every method settles, none rejects. */
export interface Sync {
  /** Cold: control, else KV, the seed and the bundle. */
  begin(): Promise<void>;
  /** Warm: pulse, and join when behind; `true` when somebody with authority answered. */
  refresh(): Promise<boolean>;
  /** Asks control for what is newest, then reports it as in use. */
  poke(): Promise<number>;
}

export function createSync(
  known: Knowledge,
  ring: Keyring,
  bindings: MeshBindings,
  wiring: Wiring,
  loadLate: () => Promise<WholeLate>,
): Sync {
  const sources: Sources = {
    known,
    ring,
    bindings,
    loadLate,
    tableKey: wiring.tableKey,
    partKey: namespaceKey(wiring.workload.split("/")[0] ?? ""),
  };
  return {
    async begin() {
      known.isolate ||= uniqueId();
      const seeded = quietly(() => seed(ring, bindings, wiring));
      const [hasJoined] = await Promise.all([within(join(sources), JOIN_WAIT_MS), seeded]);
      if (hasJoined && known.table !== null) return;
      if (await within(fromKv(sources), KV_WAIT_MS)) return;
      if (wiring.table !== null) await take(sources, decodeBase64(wiring.table));
    },
    refresh: () => refresh(sources),
    async poke() {
      known.isolate ||= uniqueId();
      await join(sources);
      await report(sources);
      return versionOf(known);
    },
  };
}

interface Sources {
  readonly known: Knowledge;
  readonly ring: Keyring;
  readonly bindings: MeshBindings;
  /** The newest key of the table signature that is known here, never an older one again. */
  tableKey: JsonWebKey | null;
  readonly loadLate: () => Promise<WholeLate>;
  /** Of this namespace. */
  readonly partKey: string;
}

async function refresh(sources: Sources): Promise<boolean> {
  const { known } = sources;
  const startedMs = now();
  const newest = await report(sources);
  if (newest === null) {
    if (await join(sources)) return true;
    await fromKv(sources);
    return false;
  }
  const isBehind = newest > versionOf(known);
  const lacksKeys = known.epoch <= Math.floor(now() / EPOCH_MS);
  const mustJoin = isBehind || lacksKeys || !known.hasJoined;
  if (!isBehind) known.lastSyncMs = startedMs;
  if (mustJoin && !(await join(sources)) && isBehind) await fromKv(sources);
  known.lastSyncMs = startedMs;
  return true;
}

/** Checks bytes whole before they are used; what is refused is reported with the next pulse. */
async function take(sources: Sources, bytes: Uint8Array): Promise<boolean> {
  const { known, tableKey, loadLate } = sources;
  if (tableKey === null) return false;
  const current = versionOf(known);
  const opened =
    (await open(known, tableKey, bytes)) ?? (await openByLater(sources, tableKey, bytes));
  if (opened === null) return refused(known, current, "bad_signature");
  if (!opened.ok) return opened.reason !== "not_newer" && refused(known, current, opened.reason);
  const { table } = opened;
  if (table.directory.late !== false && !(await hasLate(known, loadLate)))
    return refused(known, current, "no_late_part");
  // Another source may have been faster meanwhile.
  if (versionOf(known) < table.directory.version) known.table = table;
  learnRevocations(sources, table.directory.revoked ?? []);
  known.nack = null;
  return true;
}

/** Null where the key did not sign it, or may no more. */
async function open(
  known: Knowledge,
  key: JsonWebKey & { readonly kid?: string },
  bytes: Uint8Array,
): Promise<TableOutcome | null> {
  const verifyKey = await importTableKey(key);
  if (verifyKey === null || known.revoked.has(key.kid ?? "")) return null;
  const previous = known.table;
  const given = previous === null ? {} : { previous };
  const opened = await openTable(bytes, verifyKey, versionOf(known), given);
  return opened.ok || opened.reason !== "bad_signature" ? opened : null;
}

/** A later key may have signed: one that the key held here vouches for, at first hand or through others. */
async function openByLater(
  sources: Sources,
  held: JsonWebKey,
  bytes: Uint8Array,
): Promise<TableOutcome | null> {
  const { known, loadLate } = sources;
  const later = (await hasLate(known, loadLate)) && (await known.late?.followKey(bytes, held));
  const opened = later ? await open(known, later, bytes) : null;
  // Not before it was seen to sign; another source may have gone further meanwhile.
  if (later && opened?.ok && sources.tableKey === held) sources.tableKey = later;
  return opened;
}

function refused(known: Knowledge, version: number, reason: string): false {
  known.nack = { version, reason };
  return false;
}

/** Of the table in use; 0 without one. */
const versionOf = ({ table }: Knowledge): number => table?.directory.version ?? 0;

/** Loads the late part unless it is here. */
export async function hasLate(known: Knowledge, load: () => Promise<WholeLate>): Promise<boolean> {
  known.late ??= await quietly(load);
  return known.late !== null;
}

async function join(sources: Sources): Promise<boolean> {
  const { known, ring, bindings } = sources;
  if (bindings.control === null) return false;
  const startedMs = now();
  const have = versionOf(known);
  const request = { format: JOIN_FORMAT, [ISOLATE]: known.isolate, have };
  const reply = await quietly(() => bindings.control?.join(request));
  if (reply === null) return false;
  ring.join(reply.keys);
  known.hasJoined = true;
  known.epoch = newestEpoch(reply.keys.audience.map((held) => held.kid));
  learnRevocations(sources, reply.revocations.map(valueOf));
  await known.hear(reply.verdicts ?? []);
  if (reply.table !== null) await take(sources, toBytes(reply.table));
  known.lastSyncMs = startedMs;
  return true;
}

/** The table, or where it is too large for one value, this namespace's part of it. */
async function fromKv(sources: Sources): Promise<boolean> {
  const read = (key: string): Promise<ArrayBuffer | null> =>
    quietly(() => sources.bindings.table?.get(key, "arrayBuffer"));
  const value = (await read(TABLE_KEY)) ?? (await read(sources.partKey));
  return value !== null && take(sources, new Uint8Array(value));
}

/** Tells the version in use; answers the newest one, or null when nobody does. */
async function report(sources: Sources): Promise<number | null> {
  const { known, bindings } = sources;
  known.sequence += 1;
  const version = versionOf(known);
  const { sequence, nack } = known;
  known.hasNews = false;
  known.isUrgent = null;
  const parts = takeParts(known.outbox);
  const pulse = { format: PULSE_FORMAT, [ISOLATE]: known.isolate, sequence, version, nack, parts };
  const reply = await quietly(() => bindings.pulse?.report(pulse));
  if (reply === null) return null;
  learnRevocations(sources, reply.revocations.map(valueOf));
  acknowledge(known.outbox, reply.parts ?? []);
  known.reporters = reply.reporters ?? 1;
  await known.hear(reply.verdicts ?? []);
  known.pulseEveryMs = Math.max(1000, reply.nextMs);
  return reply.newest;
}

async function seed(ring: Keyring, bindings: MeshBindings, wiring: Wiring): Promise<void> {
  if (wiring.seed === null || bindings.kek === null) return;
  const keys = await unwrapKeys(wiring.seed, bindings.kek, wiring.workload);
  if (keys !== null) ring.seed(keys, wiring.seed.notAfterMs);
}

/** A key is no subject: its id has no slash, and the ring gives it out no more. */
function learnRevocations({ known, ring }: Sources, values: readonly string[]): void {
  // None is ever taken back: whoever tells of fewer, as a Pulse isolate does that has just begun, has not heard of all yet.
  known.revoked = new Set([
    ...known.revoked,
    // `@ns/name` stands for its having versions that are revoked; of whoever has none it means nothing.
    ...values.flatMap((value) => [value, `@${value.split("@")[0]}`]),
  ]);
  ring.revoke(known.revoked);
}

const valueOf = ({ value }: Revocation): string => value;

const newestEpoch = (kids: readonly string[]): number =>
  kids.reduce((newest, kid) => Math.max(newest, Number(kid.slice(1)) || 0), 0);

const toBytes = (value: Uint8Array | ArrayBuffer): Uint8Array =>
  value instanceof Uint8Array ? value : new Uint8Array(value);

const decodeBase64 = (text: string): Uint8Array =>
  Uint8Array.from(atob(text), (char) => char.charCodeAt(0));

/** A source that fails is a source that says nothing: the next one is asked. */
async function quietly<T>(ask: () => Promise<T> | undefined): Promise<T | null> {
  try {
    return (await ask()) ?? null;
  } catch {
    return null;
  }
}

/** What it answers in time, else false; it goes on behind. */
const within = (asked: Promise<boolean>, ms: number): Promise<boolean> =>
  Promise.race([asked, sleep(ms).then(() => false)]);
