// Owns how many questions for a lease a Pulse isolate passes on: one at a time per circuit, and a no holds for a second,
// so that however many isolates ask here, the object hears of few (docs/scale.md).
import { type Door, hear, knock, newDoor, unlock } from "../../mesh/algorithms/breaker/door.ts";
import type { LeaseReply } from "../../mesh/contract/pulse.ts";
import type { Clock } from "../clock.ts";

/** A no holds for as long, ms. */
export const NO_HOLDS_MS = 1000;
/** Circuits remembered; past it the one asked about longest ago is forgotten. */
const MOST_CIRCUITS = 4096;

/** What a circuit says to a question for a lease. */
export type Leased = Pick<LeaseReply, "lease" | "verdict">;

/** Asks, or answers from what the circuit said last. */
export type LeaseGate = (object: string, ask: () => Promise<Leased>) => Promise<Leased>;

export function createLeaseGate(clock: Clock): LeaseGate {
  const doors = new Map<string, Door>();

  function doorOf(object: string): Door {
    const door = doors.get(object) ?? newDoor();
    doors.delete(object);
    doors.set(object, door);
    const oldest = doors.size > MOST_CIRCUITS ? doors.keys().next() : null;
    if (oldest?.value !== undefined) doors.delete(oldest.value);
    return door;
  }

  return async (object, ask) => {
    const door = doorOf(object);
    const verdict = knock(door, clock.now());
    if (verdict !== null) return { lease: 0, verdict };
    let lease: number | null = null;
    try {
      const leased = await ask();
      hear(door, leased.verdict, clock.now());
      lease = leased.lease;
      return leased;
    } finally {
      unlock(door, lease, NO_HOLDS_MS, clock.now());
    }
  };
}
