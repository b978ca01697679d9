// Slots of keys over time: a verifier that keeps to the refresh hint knows every key before it is used.
import { expect, it } from "vitest";
import {
  type Slot,
  activeSlot,
  nextLook,
  nextSlot,
  slotState,
} from "../../../mesh/algorithms/rotation/slots.ts";
import { randomFrom } from "../property.ts";

const LIFE_MS = 7 * 86_400_000;
const HINT_MS = 300_000;

it("1,000 rotations: one key is active at any time, and was in every verifier's bundle before", () => {
  const random = randomFrom(1);
  const slots: Slot[] = [];
  let nowMs = 0;
  let [used, made] = ["", 0];
  for (let rotations = 0; rotations < 1000;) {
    const due = nextSlot(slots, nowMs, LIFE_MS);
    if (due !== null) slots.push({ kid: `w${++made}`, ...due });
    const active = activeSlot(slots, nowMs);
    expect(active).not.toBeNull();
    if (active !== null && active.kid !== used) {
      // Whoever asked for the bundle within the refresh hint has it, unless it is the first of all.
      if (used !== "") expect(nowMs - active.preparedMs).toBeGreaterThanOrEqual(HINT_MS);
      used = active.kid;
      rotations += 1;
    }
    const states = slots.map((slot) => slotState(slot, slots, nowMs));
    expect(states.filter((state) => state === "active")).toHaveLength(1);
    // The alarm may come late.
    nowMs = nextLook(slots, nowMs) + Math.floor(random() * 60_000);
    slots.splice(
      0,
      slots.findIndex(({ notAfterMs }) => notAfterMs > nowMs),
    );
  }
});
