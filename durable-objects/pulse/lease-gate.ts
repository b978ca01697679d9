// Owns how many questions for a lease a Pulse isolate passes on: one at a time per circuit, and a no holds for a second,
// so that however many isolates ask here, the object hears of few (docs/scale.md).
import type { LeaseReply, Verdict } from "../../mesh/contract/pulse.ts";
import type { Clock } from "../clock.ts";
import { aged } from "./memory.ts";

/** A no holds for as long, ms. */
export const NO_HOLDS_MS = 1000;
/** A question that was not heard of for this long is lost with the request that carried it. */
const LOST_MS = 5000;
/** Circuits remembered; past it the one asked about longest ago is forgotten. */
const MOST_CIRCUITS = 4096;

/** What a circuit says to a question for a lease. */
export type Leased = Pick<LeaseReply, "lease" | "verdict">;

/** Asks, or answers from what the circuit said last. */
export type LeaseGate = (object: string, ask: () => Promise<Leased>) => Promise<Leased>;

interface Door {
  said: { readonly verdict: Verdict; readonly atMs: number } | null;
  /** When the question was put that is not answered yet; null for none. */
  askedMs: number | null;
  closedUntilMs: number;
}

export function createLeaseGate(clock: Clock): LeaseGate {
  const doors = new Map<string, Door>();

  function doorOf(object: string): Door {
    const door = doors.get(object) ?? { said: null, askedMs: null, closedUntilMs: 0 };
    doors.delete(object);
    doors.set(object, door);
    const oldest = doors.size > MOST_CIRCUITS ? doors.keys().next() : null;
    if (oldest?.value !== undefined) doors.delete(oldest.value);
    return door;
  }

  return async (object, ask) => {
    const door = doorOf(object);
    const nowMs = clock.now();
    const isAsking = door.askedMs !== null && nowMs - door.askedMs < LOST_MS;
    if (door.said !== null && (isAsking || nowMs < door.closedUntilMs)) {
      const { verdict, atMs } = door.said;
      return { lease: 0, verdict: aged(verdict, nowMs - atMs) };
    }
    door.askedMs = nowMs;
    try {
      const leased = await ask();
      door.said = { verdict: leased.verdict, atMs: clock.now() };
      if (leased.lease === 0) door.closedUntilMs = clock.now() + NO_HOLDS_MS;
      return leased;
    } finally {
      door.askedMs = null;
    }
  };
}
