// What one isolate believes and when it must ask again: born cold, warm while its sync is younger than the lease.
import { isUnderway } from "../algorithms/pulse/outbox.ts";
import type { Wiring } from "../contract/wiring.ts";
import { createKeyring } from "../identity/keyring.ts";
import type { OpenTable } from "../identity/table.ts";
import type { Outward, Tracer } from "../pipeline/late.ts";
import type { WholeLate } from "./late.ts";
import type { Keeper, ProofBox, TableView } from "../pipeline/isolate.ts";
import type { MeshBindings } from "./bindings.ts";
import { createCircuits, type CircuitOf } from "./circuits.ts";
import { now, sleep } from "./clock.ts";
import { createProofBox } from "./proof-box.ts";
import {
  bornKnowledge,
  createSync,
  hasLate,
  noteUrgent,
  type Knowledge,
  type Sync,
} from "./sync.ts";
import { createTableView } from "./table-view.ts";

/** Longest wait for a warm sync, and for a cold beginning whose starter may have died. */
const WARM_WAIT_MS = 50;
const COLD_WAIT_MS = 400;
/** After a sync that nobody answered the next decision goes on with what there is, for this long. */
const RETRY_SYNC_MS = 1000;
/** What was not heard of for this long is lost with the request that carried it. */
const LOST_MS = 5000;
/** Between two pulses, at least. */
const PULSE_MS = 1000;
/** What is no hurry goes with a pulse within this, or a third of the lease. */
const REST_MS = 10_000;
const MOST_TURNS = 5;
const DEFAULT_LEASE_MS = 30_000;
const DEFAULT_STRICT_MS = 5000;

/** One life of an isolate's mesh; `reset` of the isolate begins another. */
export interface Mind {
  readonly known: Knowledge;
  readonly proofs: ProofBox;
  readonly sync: Sync;
  readonly circuitOf: CircuitOf;
  begun: Promise<void> | null;
  isBorn: boolean;
  running: Promise<unknown> | null;
  /** When `begun` or `running` was started. */
  startedMs: number;
  lastTryMs: number;
  lastPulseMs: number;
  /** When the pulse behind a call is due that makes sure of what was counted; Infinity is none. */
  flushAtMs: number;
  tracer: Tracer | null;
  outward: Outward | null;
  seen: OpenTable | null;
  view: TableView | null;
}

export function createMind(
  bindings: MeshBindings,
  wiring: Wiring,
  loadLate: () => Promise<WholeLate>,
): Mind {
  const known = bornKnowledge();
  const ring = createKeyring(wiring.trustDomain, wiring.workload);
  return {
    known,
    proofs: createProofBox(ring, () => known.late),
    sync: createSync(known, ring, bindings, wiring, loadLate),
    circuitOf: createCircuits(known, bindings, () => hasLate(known, loadLate)),
    begun: null,
    isBorn: false,
    running: null,
    startedMs: -Number.POSITIVE_INFINITY,
    lastTryMs: -Number.POSITIVE_INFINITY,
    lastPulseMs: -Number.POSITIVE_INFINITY,
    flushAtMs: Number.POSITIVE_INFINITY,
    tracer: null,
    outward: null,
    seen: null,
    view: null,
  };
}

/** The table in use; the view is made once per table. */
export function tableOf(mind: Mind): TableView | null {
  const { table } = mind.known;
  if (table !== mind.seen) {
    mind.seen = table;
    mind.view = table === null ? null : createTableView(table);
  }
  return mind.view;
}

/** Made at the first call that leaves the mesh. */
export const outwardOf = (mind: Mind, { control }: MeshBindings): Outward | null =>
  (mind.outward ??=
    mind.known.late?.createOutward({
      control,
      known: mind.known,
      trust: () => tableOf(mind)?.trust() ?? null,
    }) ?? null);

/** Born, and control has not answered since. */
export const isDegraded = (mind: Mind): boolean => mind.isBorn && !mind.known.hasJoined;

/** Holds keys of epochs, and synced recently enough for a `strict` destination. */
export const isFresh = ({ known }: Mind): boolean =>
  known.hasJoined && now() - known.lastSyncMs <= strictMs(known);

const strictMs = ({ table }: Knowledge): number =>
  table?.directory.defaults.lease.strictMs ?? DEFAULT_STRICT_MS;

/** How long a sync is good for; shorter in a Worker that is a `strict` destination. */
function leaseOf(mind: Mind, wiring: Wiring): number {
  const { known } = mind;
  const normalMs =
    wiring.leaseMs ?? known.table?.directory.defaults.lease.normalMs ?? DEFAULT_LEASE_MS;
  const isStrict = tableOf(mind)?.level(wiring.workload) === "strict";
  return isStrict ? Math.min(normalMs, strictMs(known)) : normalMs;
}

/** Warm: nothing. Too old: a bounded wait. Cold: the one join. */
export function ready(mind: Mind, wiring: Wiring, keeper: Keeper): Promise<void> | undefined {
  if (!mind.isBorn) return cold(mind, keeper);
  const { known } = mind;
  const nowMs = now();
  if (nowMs - known.lastSyncMs <= leaseOf(mind, wiring) && known.table !== null) return undefined;
  const triedMs = nowMs - mind.lastTryMs;
  if (triedMs >= RETRY_SYNC_MS) {
    mind.lastTryMs = nowMs;
    mind.lastPulseMs = nowMs;
    return Promise.race([refresh(mind, keeper), sleep(WARM_WAIT_MS)]).then(nothing);
  }
  // Whoever is slow has been waited for already.
  if (mind.running === null || triedMs >= WARM_WAIT_MS) return undefined;
  return Promise.race([mind.running, sleep(WARM_WAIT_MS - triedMs)]).then(nothing);
}

/**
 * After a call: the pulse that is due, with what it counted, or one behind it that makes sure of that. Where somebody waits
 * for what comes behind, what is not due stays for the next event.
 */
export function settled(mind: Mind, wiring: Wiring, keeper: Keeper, isUrgent: boolean): void {
  const { known } = mind;
  known.hasNews = true;
  if (isUrgent) noteUrgent(known);
  const nowMs = now();
  if (nowMs - mind.lastPulseMs >= known.pulseEveryMs) {
    mind.lastPulseMs = nowMs;
    keeper.waitUntil(flush(mind, keeper, 0));
    return;
  }
  if (keeper.isBrief === true) return;
  const { flushAtMs } = mind;
  const soonMs = Math.max(nowMs, mind.lastPulseMs + PULSE_MS);
  // One that is long overdue died with the request that carried it.
  const isSet = flushAtMs !== Number.POSITIVE_INFINITY && nowMs < flushAtMs + LOST_MS;
  if (isSet && (known.isUrgent !== true || flushAtMs <= soonMs)) return;
  const restMs = known.isUrgent === true ? 0 : Math.min(REST_MS, leaseOf(mind, wiring) / 3);
  const atMs = Math.max(soonMs, nowMs + restMs);
  mind.flushAtMs = atMs;
  keeper.waitUntil(flush(mind, keeper, atMs - nowMs));
}

/** Waits, then tells what there is to tell, and tells it again, with growing patience, until it was taken. */
async function flush(mind: Mind, keeper: Keeper, waitMs: number): Promise<void> {
  const { known } = mind;
  let leftMs = waitMs;
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    if (leftMs > 0) await sleep(leftMs);
    mind.flushAtMs = Number.POSITIVE_INFINITY;
    if (leftMs > 0) {
      // Others may have told it meanwhile.
      if (!known.hasNews && !isUnderway(known.outbox)) return;
      leftMs = mind.lastPulseMs + PULSE_MS - now();
    }
    if (leftMs <= 0) {
      mind.lastPulseMs = now();
      await refresh(mind, keeper);
      if (!isUnderway(known.outbox) || keeper.isBrief === true) return;
      leftMs = PULSE_MS * 2 ** turn;
    }
    mind.flushAtMs = now() + leftMs;
  }
}

function cold(mind: Mind, keeper: Keeper): Promise<void> {
  if (mind.begun === null || now() - mind.startedMs >= LOST_MS) {
    mind.startedMs = now();
    mind.begun = mind.sync.begin().then(() => {
      mind.isBorn = true;
      mind.lastTryMs = now();
    });
    keeper.waitUntil(mind.begun);
  }
  return Promise.race([mind.begun, sleep(COLD_WAIT_MS)]);
}

/** One refresh at a time, shared: its creator keeps it alive, whoever waits has a timer of its own. */
function refresh(mind: Mind, keeper: Keeper): Promise<unknown> {
  if (mind.running === null || now() - mind.startedMs >= LOST_MS) {
    const work: Promise<unknown> = mind.sync.refresh().finally(() => {
      if (mind.running === work) mind.running = null;
    });
    mind.startedMs = now();
    mind.running = work;
    keeper.waitUntil(work);
  }
  return mind.running;
}

const nothing = (): void => undefined;
