// Owns an isolate of the model: its circuit, and what it has still to tell of it.
import { drainCircuit, newCircuit, type Circuit } from "../algorithms/breaker/circuit.ts";
import { openBox, type Outbox } from "../algorithms/pulse/outbox.ts";

const OBJECT = "breaker:default/callee|default/callee";
const CALLERS = 3;

/** One isolate; changed in place. */
export interface Teller {
  readonly id: string;
  readonly caller: string;
  readonly at: number;
  readonly circuit: Circuit;
  readonly outbox: Outbox;
  lastMs: number;
  /** When it pulses next; Infinity while it has nothing to tell. */
  dueMs: number;
  /** Drawn once per pulse. */
  isUrgent: boolean | null;
}

/** Isolate `at`, whose last pulse was at `lastMs`. */
export function bornTeller(at: number, lastMs: number, now: () => number): Teller {
  const circuit = newCircuit(OBJECT);
  const outbox: Outbox = new Map();
  openBox(outbox, OBJECT, () => drainCircuit(circuit, now()));
  return {
    id: `${at}`,
    caller: `default/caller-${at % CALLERS}`,
    at,
    circuit,
    outbox,
    lastMs,
    isUrgent: null,
    dueMs: Number.POSITIVE_INFINITY,
  };
}
