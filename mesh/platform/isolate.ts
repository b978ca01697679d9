// The isolate as the chains see it: clock, table, keys, loads and bindings behind one object.
import { MOST_HOPS } from "../contract/pulse.ts";
import type { Wiring } from "../contract/wiring.ts";
import type { EndpointBinding, Isolate, ServiceState } from "../pipeline/isolate.ts";
import type { WholeLate } from "./late.ts";
import type { MeshBindings } from "./bindings.ts";
import { now, random, sleep } from "./clock.ts";
import { createMind, isDegraded, isFresh, outwardOf, ready, settled, tableOf } from "./mind.ts";
import { attempted, record, tallyOf, tracerOf, type Watch } from "./record.ts";
import { hasLate } from "./sync.ts";

/** An isolate with what dev and tests may do to it. */
export interface MeshIsolate extends Isolate {
  /** Set by dev only. */
  watch: Watch;
  /** Syncs now; answers the table version in use. */
  poke(): Promise<number>;
  /** Forgets everything, as a new isolate would. */
  reset(): void;
}

export function createIsolate(
  bindings: MeshBindings,
  wiring: Wiring,
  loadLate: () => Promise<WholeLate>,
): MeshIsolate {
  let mind = createMind(bindings, wiring, loadLate);
  let serviceOf = memoised(bornService);
  let tally = tallyOf(mind);
  const isolate: MeshIsolate = {
    workload: wiring.workload,
    trustDomain: wiring.trustDomain,
    get proofs() {
      return mind.proofs;
    },
    watch: null,
    now,
    random,
    sleep,
    table: () => tableOf(mind),
    late: () => mind.known.late,
    loadLate: () => hasLate(mind.known, loadLate),
    ready: (keeper) => ready(mind, wiring, keeper),
    isFresh: () => isFresh(mind),
    isDegraded: () => isDegraded(mind),
    isRevoked(workload, caller) {
      const { revoked } = mind.known;
      if (revoked.size === 0) return false;
      // All there is of a caller, its calls to this Worker, or the version it is.
      return (
        revoked.has(workload) ||
        revoked.has(`${workload}>${wiring.workload}`) ||
        (revoked.has(`@${workload}`) && revoked.has(`${workload}@${caller?.tag() ?? ""}`))
      );
    },
    service: (name) => serviceOf(name),
    circuit: (service, endpoint, scope) => mind.circuitOf(service, endpoint, scope),
    news: () => mind.known,
    settled(keeper, invocations, isUrgent) {
      if (invocations < MOST_HOPS) settled(mind, wiring, keeper, isUrgent);
    },
    reach: reachOf(bindings, wiring),
    relay: () => bindings.relay,
    pulse: () => bindings.pulse,
    outward: () => outwardOf(mind, bindings),
    tracer: () => tracerOf(mind, tally, wiring.workload),
    record: (call) => record(isolate, tally, mind, isDegraded(mind), call),
    attempted: (attempt) => attempted(isolate.watch, tally, mind, attempt),
    poke: () => mind.sync.poke(),
    reset() {
      mind = createMind(bindings, wiring, loadLate);
      tally = tallyOf(mind);
      serviceOf = memoised(bornService);
    },
  };
  return isolate;
}

const bornService = (): ServiceState => ({
  inFlight: 0,
  loads: new Map(),
  turns: [],
  budget: { tokens: 0 },
});

const reachOf =
  (bindings: MeshBindings, wiring: Wiring): Isolate["reach"] =>
  (workload, entrypoint, override): EndpointBinding | null => {
    const name = override?.[workload] ?? wiring.reach[workload]?.[entrypoint];
    return name === undefined ? null : (bindings.endpoints.get(name) ?? null);
  };

function memoised<T>(make: (name: string) => T): (name: string) => T {
  const made = new Map<string, T>();
  return (name) => {
    let known = made.get(name);
    if (known === undefined) {
      known = make(name);
      made.set(name, known);
    }
    return known;
  };
}
