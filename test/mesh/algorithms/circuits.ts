// Owns the cast of the circuit tests: a circuit just born, calls that it counts, and what its object says.
import { type Circuit, countCall, newCircuit } from "../../../mesh/algorithms/breaker/circuit.ts";
import type { BreakerDelta, CircuitState, Verdict } from "../../../mesh/contract/pulse.ts";

export const START = 1_800_000_000_000;
export const NAME = "breaker:ns/s|e";

/** Randomness that always draws the middle. */
export const half = (): number => 0.5;

export const born = (): Circuit => newCircuit(NAME);

/** Counts calls that ended alike, by the ratio 0.5. */
export const count = (circuit: Circuit, times: number, isOk: boolean, nowMs = START): void => {
  for (let i = 0; i < times; i++) countCall(circuit, isOk, false, 0.5, nowMs, half);
};

export const verdict = (state: CircuitState, generation: number, probeInMs = 0): Verdict => ({
  object: NAME,
  state,
  generation,
  probeInMs,
});

/** A delta that tells of nothing. */
export const SILENT: BreakerDelta = {
  generation: 0,
  ok: 0,
  failed: 0,
  slow: 0,
  held: 0,
  run: 0,
  probes: [],
};
