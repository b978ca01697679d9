// The isolate as the chains see it: clock, table, keys, loads and bindings; decides when to sync, never how.
import { openingTokens } from "../algorithms/retry/budget.ts";
import type { Wiring } from "../contract/wiring.ts";
import { createKeyring, type Keyring } from "../identity/keyring.ts";
import type { OpenTable } from "../identity/table.ts";
import type { EndpointBinding, Isolate, ServiceState, TableView, WaitUntil } from "../pipeline/isolate.ts";
import type { MeshBindings } from "./bindings.ts";
import { now, random, sleep } from "./clock.ts";
import { attemptKey, callKey, createCounters, deservesLine, logLine, type Counters } from "./counters.ts";
import { externalBinding } from "./external.ts";
import { createProofBox } from "./proof-box.ts";
import { bornKnowledge, createSync, type Knowledge, type Sync } from "./sync.ts";
import { createTableView } from "./table-view.ts";

/** Longest wait for a warm sync (design §2), and for a cold beginning whose starter may have died. */
const WARM_WAIT_MS = 50;
const COLD_WAIT_MS = 400;
/** After a sync that nobody answered the next decision goes on with what there is, for this long. */
const RETRY_SYNC_MS = 1000;
const DEFAULT_LEASE_MS = 30_000;
const DEFAULT_STRICT_MS = 5000;

/** An isolate with what dev and tests may do to it. */
export interface MeshIsolate extends Isolate {
  readonly counters: Counters;
  /** Syncs now; answers the table version in use. */
  poke(): Promise<number>;
  /** Forgets everything, as a new isolate would. */
  reset(): void;
}

interface Mind {
  readonly known: Knowledge;
  readonly ring: Keyring;
  readonly sync: Sync;
  begun: Promise<void> | null;
  isBorn: boolean;
  running: Promise<unknown> | null;
  lastTryMs: number;
  lastPulseMs: number;
  seen: OpenTable | null;
  view: TableView | null;
}

export function createIsolate(bindings: MeshBindings, wiring: Wiring): MeshIsolate {
  let mind = birth(bindings, wiring);
  let proofs = createProofBox(mind.ring);
  const services = new Map<string, ServiceState>();
  const externals = new Map<string, EndpointBinding>();
  const counters = createCounters();
  const leaseMs = (): number =>
    wiring.leaseMs ?? mind.known.table?.directory.defaults.lease.normalMs ?? DEFAULT_LEASE_MS;
  const strictMs = (): number => mind.known.table?.directory.defaults.lease.strictMs ?? DEFAULT_STRICT_MS;

  return {
    workload: wiring.workload,
    trustDomain: wiring.trustDomain,
    get proofs() {
      return proofs;
    },
    counters,
    now,
    random,
    sleep,
    table() {
      const { table } = mind.known;
      if (table !== mind.seen) {
        mind.seen = table;
        mind.view = table === null ? null : createTableView(table);
      }
      return mind.view;
    },
    ready: (waitUntil) => ready(mind, leaseMs(), waitUntil),
    isFresh: () => now() - mind.known.lastSyncMs <= strictMs(),
    isDegraded: () => mind.isBorn && !mind.known.hasJoined,
    isRevoked: (workload) => mind.known.revoked.size > 0 && mind.known.revoked.has(workload),
    service(name) {
      let state = services.get(name);
      if (state === undefined) {
        state = { inFlight: 0, loads: new Map(), turns: [], budget: { tokens: openingTokens(true) } };
        services.set(name, state);
      }
      return state;
    },
    reach: (workload, entrypoint, override) => {
      const name = override?.[workload] ?? wiring.reach[workload]?.[entrypoint];
      return name === undefined ? null : (bindings.endpoints.get(name) ?? null);
    },
    relay: () => bindings.relay,
    external(url) {
      let binding = externals.get(url);
      if (binding === undefined) {
        binding = externalBinding(url);
        externals.set(url, binding);
      }
      return binding;
    },
    record(call) {
      counters.count(callKey(call));
      const isDegraded = mind.isBorn && !mind.known.hasJoined;
      for (const feature of call.bypassed) counters.count(`bypassed|${feature}`);
      if (isDegraded) counters.count("degraded");
      if (deservesLine(call, isDegraded)) console.log(logLine(call, isDegraded, now()));
    },
    attempted: (service, endpoint, reason) => counters.count(attemptKey(service, endpoint, reason)),
    poke: () => mind.sync.poke(),
    reset() {
      mind = birth(bindings, wiring);
      proofs = createProofBox(mind.ring);
    },
  };
}

function birth(bindings: MeshBindings, wiring: Wiring): Mind {
  const known = bornKnowledge();
  const ring = createKeyring(wiring.trustDomain, wiring.workload);
  return {
    known,
    ring,
    sync: createSync(known, ring, bindings, wiring),
    begun: null,
    isBorn: false,
    running: null,
    lastTryMs: Number.NEGATIVE_INFINITY,
    lastPulseMs: Number.NEGATIVE_INFINITY,
    seen: null,
    view: null,
  };
}

/** Warm: nothing, and at most one pulse a second behind it. Too old: a bounded wait. Cold: the one join. */
function ready(mind: Mind, leaseMs: number, waitUntil: WaitUntil): Promise<void> | undefined {
  if (!mind.isBorn) return cold(mind, waitUntil);
  const nowMs = now();
  if (nowMs - mind.known.lastSyncMs <= leaseMs && mind.known.table !== null) {
    if (nowMs - mind.lastPulseMs >= mind.known.pulseEveryMs) {
      mind.lastPulseMs = nowMs;
      void refresh(mind, waitUntil);
    }
    return undefined;
  }
  if (mind.running === null && nowMs - mind.lastTryMs < RETRY_SYNC_MS) return undefined;
  mind.lastTryMs = nowMs;
  mind.lastPulseMs = nowMs;
  return Promise.race([refresh(mind, waitUntil), sleep(WARM_WAIT_MS)]).then(nothing);
}

function cold(mind: Mind, waitUntil: WaitUntil): Promise<void> {
  if (mind.begun === null) {
    mind.begun = mind.sync.begin().then(() => {
      mind.isBorn = true;
      mind.lastPulseMs = mind.known.hasJoined ? mind.lastPulseMs : now();
      mind.lastTryMs = now();
    });
    waitUntil(mind.begun);
  }
  return Promise.race([mind.begun, sleep(COLD_WAIT_MS)]);
}

/** One refresh at a time, shared: its creator keeps it alive, whoever waits has a timer of its own. */
function refresh(mind: Mind, waitUntil: WaitUntil): Promise<unknown> {
  if (mind.running === null) {
    mind.running = mind.sync.refresh().finally(() => {
      mind.running = null;
    });
    waitUntil(mind.running);
  }
  return mind.running;
}

const nothing = (): void => undefined;
