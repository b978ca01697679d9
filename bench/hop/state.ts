// What shared state adds to a hop: telemetry, breaker and pulse on, against the same build with them off, in one run.
import { mkdirSync } from "node:fs";
import type { Case } from "./cloth.ts";
import { pairOf } from "./cloth.ts";
import { type HopOptions, measure, plainCase, round3, type Samples, summarise } from "./measure.ts";
import { startWorkerd } from "./workerd.ts";

/** More than this may none of it add to the ratio over the bare call. */
export const MOST_ADDED = 0.1;

/** What it adds to the ratio over the bare call; `quiet` is the difference of the p10s over the bare call's p10. */
interface Added {
  readonly quiet: number;
  readonly p10: number;
  readonly median: number;
}

export interface StateReport {
  readonly state: { readonly fetch: Added; readonly rpc: Added };
  readonly rounds: number;
  /** None of the two adds more than allowed, by its median. */
  readonly isHeld: boolean;
}

/** Without the filters that count, guard and set off pulses, and with the kill switches of what else counts. */
const OFF: Case = {
  ...plainCase("state-off", "session", ["outbound.observe", "outbound.breaker", "inbound.observe"]),
  bypass: ["telemetry", "breaker"],
};
const CASES: readonly Case[] = [plainCase("bare", null), plainCase("session", "session"), OFF];

/** Runs the comparison at `session`. */
export async function runState(
  options: Pick<HopOptions, "rounds" | "random" | "log">,
): Promise<StateReport> {
  const pairs = await Promise.all(CASES.map(pairOf));
  const dir = ".heddle/bench/hop-state";
  mkdirSync(dir, { recursive: true });
  const exposed = CASES.map(({ name }) => `caller-${name}`);
  const workerd = await startWorkerd(dir, pairs.flat(), exposed);
  try {
    const samples = await measure(workerd, CASES, options);
    const state = { fetch: addedTo(samples, "fetch"), rpc: addedTo(samples, "rpc") };
    const isHeld = Object.values(state).every(({ median }) => median <= MOST_ADDED);
    return { state, rounds: options.rounds, isHeld };
  } finally {
    await workerd.close();
  }
}

function addedTo(samples: Samples, kind: string): Added {
  const [bare, on, off] = CASES.map(({ name }) => samples.get(`${name}/${kind}`) ?? []);
  const { p10, median } = summarise(
    (on ?? []).map((us, at) => (us - (off?.[at] ?? us)) / (bare?.[at] ?? Number.NaN)),
  );
  const [quietBare = 1, quietOn = 0, quietOff = 0] = [bare, on, off].map(
    (list) => summarise(list ?? []).p10,
  );
  return { quiet: round3((quietOn - quietOff) / quietBare), p10, median };
}
