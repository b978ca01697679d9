// The isolate as the chains see it: clock, table, keys, loads and bindings behind one object.
import { openingTokens } from "../algorithms/retry/budget.ts";
import type { Wiring } from "../contract/wiring.ts";
import type { CallRecord, EndpointBinding, Isolate, ServiceState } from "../pipeline/isolate.ts";
import type { MeshBindings } from "./bindings.ts";
import { now, random, sleep } from "./clock.ts";
import { createCounters, deservesLine, logLine, type Counters } from "./counters.ts";
import { externalBinding } from "./external.ts";
import { writeLine } from "./log.ts";
import { createMind, isDegraded, isFresh, ready, tableOf } from "./mind.ts";

/** An isolate with what dev and tests may do to it. */
export interface MeshIsolate extends Isolate {
  readonly counters: Counters;
  /** Syncs now; answers the table version in use. */
  poke(): Promise<number>;
  /** Forgets everything, as a new isolate would. */
  reset(): void;
}

export function createIsolate(bindings: MeshBindings, wiring: Wiring): MeshIsolate {
  let mind = createMind(bindings, wiring);
  let serviceOf = memoised(bornService);
  const counters = createCounters();
  return {
    workload: wiring.workload,
    trustDomain: wiring.trustDomain,
    get proofs() {
      return mind.proofs;
    },
    counters,
    now,
    random,
    sleep,
    table: () => tableOf(mind),
    ready: (keeper) => ready(mind, wiring, keeper),
    isFresh: () => isFresh(mind),
    isDegraded: () => isDegraded(mind),
    isRevoked: (workload) => mind.known.revoked.size > 0 && mind.known.revoked.has(workload),
    service: (name) => serviceOf(name),
    reach: reachOf(bindings, wiring),
    relay: () => bindings.relay,
    external: memoised(externalBinding),
    record: (call) => record(counters, call, isDegraded(mind)),
    attempted: (service, endpoint, reason) =>
      counters.count("attempt", service, endpoint, "", reason),
    poke: () => mind.sync.poke(),
    reset() {
      mind = createMind(bindings, wiring);
      serviceOf = memoised(bornService);
    },
  };
}

const bornService = (): ServiceState => ({
  inFlight: 0,
  loads: new Map(),
  turns: [],
  budget: { tokens: openingTokens(true) },
});

const reachOf =
  (bindings: MeshBindings, wiring: Wiring): Isolate["reach"] =>
  (workload, entrypoint, override): EndpointBinding | null => {
    const name = override?.[workload] ?? wiring.reach[workload]?.[entrypoint];
    return name === undefined ? null : (bindings.endpoints.get(name) ?? null);
  };

function record(counters: Counters, call: CallRecord, degraded: boolean): void {
  counters.count("call", call.side, call.source, call.destination, call.reason);
  for (const feature of call.bypassed)
    counters.count("bypassed", feature, call.destination, "", null);
  if (degraded) counters.count("degraded", call.side, "", "", null);
  if (deservesLine(call, degraded)) writeLine(logLine(call, degraded, now()));
}

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
