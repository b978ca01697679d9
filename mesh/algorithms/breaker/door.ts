// Owns what was heard of a circuit and whether to ask it for a lease: one question at a time, and a no holds for a while.
import type { Verdict } from "../../contract/pulse.ts";
import { HANDED_ON_MS, weatherOf } from "../retry/brake.ts";

/** A question that was not heard of for this long is lost with the request that carried it. */
const LOST_MS = 5000;

/** What stands between those who ask and a circuit; changed in place. */
export interface Door {
  said: { readonly verdict: Verdict; readonly atMs: number } | null;
  /** When the question was put that is not answered yet; -Infinity for none. */
  askedMs: number;
  closedUntilMs: number;
}

export const newDoor = (): Door => ({
  said: null,
  askedMs: Number.NEGATIVE_INFINITY,
  closedUntilMs: 0,
});

/** A verdict as it is some time after it was said. */
export const aged = (verdict: Verdict, ageMs: number): Verdict => {
  const { object, state, generation, probeInMs } = verdict;
  return {
    object,
    state,
    generation,
    probeInMs: Math.max(0, probeInMs - ageMs),
    ...(ageMs < HANDED_ON_MS ? weatherOf(verdict) : {}),
  };
};

/** What was heard last, as it is now; null for nothing. */
export const heard = ({ said }: Door, nowMs: number): Verdict | null =>
  said === null ? null : aged(said.verdict, nowMs - said.atMs);

/** The answer to whoever asks for a lease and may not be passed on; null: the question is put now. */
export const knock = (door: Door, nowMs: number): Verdict | null => {
  const isAsking = nowMs - door.askedMs < LOST_MS;
  const verdict = isAsking || nowMs < door.closedUntilMs ? heard(door, nowMs) : null;
  if (verdict === null) door.askedMs = nowMs;
  return verdict;
};

/** Takes what the circuit says, unless it is older than what is known. */
export const hear = (door: Door, verdict: Verdict, nowMs: number): void => {
  const isOld = door.said !== null && verdict.generation < door.said.verdict.generation;
  if (!isOld) door.said = { verdict, atMs: nowMs };
};

/** Ends a question; `lease` 0 closes the door for `holdsMs`, null: no answer came. */
export const unlock = (door: Door, lease: number | null, holdsMs: number, nowMs: number): void => {
  door.askedMs = Number.NEGATIVE_INFINITY;
  if (lease === 0) door.closedUntilMs = nowMs + holdsMs;
};
