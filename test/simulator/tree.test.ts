// A part that is told again by another way counts once: through other Pulse isolates, and while a circuit becomes a tree.
import { expect, test } from "vitest";
import type { BreakerDelta } from "../../mesh/contract/pulse.ts";
import { EventHeap } from "../../mesh/simulator/core/heap.ts";
import { randomOf } from "../../mesh/simulator/core/random.ts";
import { Tree } from "../../mesh/simulator/tree.ts";
import { NAME, SILENT } from "../mesh/algorithms/circuits.ts";

/** Pulse isolates are one for a hundred: more than make a tree if all call at once. */
const ISOLATES = 30_000;
const TELLERS = Array.from({ length: 2000 }, (_, at) => `${at}`);

/** Every teller tells of five calls in two parts, again and again, through any Pulse isolate: nobody hears an answer. */
function countedOf(isKnown: boolean): { readonly counted: number; readonly shards: number } {
  const heap = new EventHeap();
  const random = randomOf(7);
  let nowMs = 1;
  const after = (ms: number, run: () => void): void => void heap.plan(nowMs + ms, run);
  const tree = new Tree(ISOLATES, isKnown, { now: () => nowMs, random, after });
  const partOf = (sequence: number, failed: number) => {
    const delta: BreakerDelta = { ...SILENT, failed };
    return { object: NAME, sequence, delta };
  };
  for (const teller of TELLERS)
    for (const [time, secondMs] of [1, 1500, 3000, 4500, 9000, 13_000].entries())
      after(secondMs + random() * 1000, () => {
        const parts = [partOf(1, 2), partOf(2, 3)].slice(0, time < 3 ? 1 : 2);
        const told = parts.map((part) => ({ teller, caller: "default/a", part }));
        tree.report(Math.floor(random() * 300), told, () => undefined);
      });
  for (let event = heap.pop(); event !== undefined; event = heap.pop()) {
    nowMs = event.atMs;
    event.run?.();
  }
  return { counted: tree.counted, shards: tree.shards };
}

test.each([
  ["is a tree already", true],
  ["becomes one meanwhile", false],
])("what is told a circuit that %s counts once, whoever hands it on", (_, isKnown) => {
  const { counted, shards } = countedOf(isKnown);
  expect(shards).toBeGreaterThan(1);
  expect(counted).toBe(5 * TELLERS.length);
});
