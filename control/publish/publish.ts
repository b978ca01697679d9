// Owns when a change is published: turns are taken one at a time, and one turn carries every change made before it.
import type { Control } from "../control.ts";
import { type Outcome, done, failed, problem } from "../problem.ts";
import type { PublishTurn } from "../../mesh/contract/state.ts";

/** Longest time a change waits for its publication. */
const WAIT_MS = 20_000;
/** How often it looks whether it is its turn: as the gap, within bounds. */
const POLL_MS = { least: 10, most: 50 } as const;

export interface Published {
  /** The table version that carries the change, or a later one. */
  readonly version: number;
  readonly isInKv: boolean;
}

/** Publishes until the table carries this write; somebody else's turn will do. */
export async function publishUntil(
  control: Control,
  revision: number,
  runTurn: (turn: PublishTurn) => Promise<Outcome<Published> | null>,
): Promise<Outcome<Published>> {
  const { store, clock, gapMs } = control;
  const endMs = clock.now() + WAIT_MS;
  for (;;) {
    const state = await store.publishState();
    if (state.version > 0 && state.published >= revision) {
      return done({ version: state.version, isInKv: state.kvVersion >= state.version });
    }
    const turn = await store.beginPublish(gapMs);
    const outcome = turn && (await runTurn(turn));
    if (outcome) return outcome;
    if (clock.now() > endMs) {
      const detail = "The change is stored; another publication is under way and does not end.";
      return failed(problem("unavailable", detail));
    }
    await clock.sleep(Math.max(POLL_MS.least, Math.min(POLL_MS.most, gapMs)));
  }
}
