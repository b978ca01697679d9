// The circuits of one isolate: while one has seen good calls only it is a count, and what is behind it lies in the late part.
import { circuitName } from "../algorithms/breaker/policy.ts";
import { openBox } from "../algorithms/pulse/outbox.ts";
import type { BreakerDelta, Verdict } from "../contract/pulse.ts";
import { LEASE, type Circuit } from "../pipeline/isolate.ts";
import type { Trouble } from "../pipeline/late.ts";
import type { MeshBindings } from "./bindings.ts";
import { now } from "./clock.ts";
import type { Knowledge } from "./sync.ts";

/** How long a good call is recent, and then before. */
const RECENT_MS = 1000;

/** Of a good call nobody asks when it began. */
const AT_ONCE = { isSent: true, tookMs: 0 };

/** By service, endpoint and scope. */
export type CircuitOf = (service: string, endpoint: string, scope: string) => Circuit;

interface Held extends Circuit {
  learn(verdict: Verdict): void;
}

/** `loadLate` is asked at the first word of a circuit that is not closed. */
export function createCircuits(
  known: Knowledge,
  { pulse }: MeshBindings,
  loadLate: () => Promise<boolean>,
): CircuitOf {
  const held = new Map<string, Held>();
  const names = new Map<string, Map<string, Held>>();
  known.hear = async (verdicts) => {
    known.heard = verdicts;
    if (known.late === null && verdicts.every(({ state }) => state === "closed")) return;
    await loadLate();
    for (const verdict of verdicts) held.get(verdict.object)?.learn(verdict);
  };

  function born(object: string): Held {
    const circuit = createCircuit(object, known, pulse);
    const said = known.heard.find((verdict) => verdict.object === object);
    if (said !== undefined) circuit.learn(said);
    held.set(object, circuit);
    return circuit;
  }

  return (service, endpoint, scope) => {
    let ofService = names.get(service);
    if (ofService === undefined) names.set(service, (ofService = new Map()));
    const key = scope === "" ? endpoint : `${endpoint}|${scope}`;
    let circuit = ofService.get(key);
    if (circuit === undefined)
      ofService.set(key, (circuit = born(circuitName(service, endpoint, scope))));
    return circuit;
  };
}

function createCircuit(object: string, known: Knowledge, pulse: MeshBindings["pulse"]): Held {
  const good = { startMs: 0, ok: 0, recent: 0, before: 0 };
  let trouble: Trouble | null = null;
  const inTrouble = (): Trouble | null =>
    (trouble ??= known.late?.createTrouble(object, good, known, pulse) ?? null);
  openBox(known.outbox, object, () => {
    if (trouble !== null) return trouble.drain();
    const { ok } = good;
    good.ok = 0;
    const recent = now() - good.startMs < RECENT_MS ? Math.min(ok, good.recent) : 0;
    return ok === 0 ? null : told(ok, recent);
  });
  return {
    object,
    isClosed: () => trouble === null || trouble.isClosed(),
    admit: (leftMs, keeper) => trouble?.admit(leftMs, keeper) ?? LEASE.none,
    good() {
      if (trouble !== null) return trouble.settle(true, false, LEASE.none, 0, AT_ONCE);
      const nowMs = now();
      const sinceMs = nowMs - good.startMs;
      if (sinceMs >= RECENT_MS) {
        good.before = sinceMs < 2 * RECENT_MS ? good.recent : 0;
        good.recent = 0;
        good.startMs = nowMs;
      }
      good.recent += 1;
      good.ok += 1;
    },
    settle: (...told) => inTrouble()?.settle(...told),
    learn(verdict) {
      if (trouble !== null || verdict.state !== "closed") inTrouble()?.learn(verdict);
    },
  };
}

/** Good calls and nothing else. */
const told = (ok: number, recent: number): BreakerDelta => ({
  generation: 0,
  ok,
  failed: 0,
  slow: 0,
  held: 0,
  run: 0,
  probes: [],
  recent: { ok: recent, failed: 0, slow: 0 },
});
