// Parts of a pulse: told until they are taken, counted once.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  acknowledge,
  isUnderway,
  openBox,
  type Outbox,
  takeParts,
} from "../../../mesh/algorithms/pulse/outbox.ts";
import { isNewer, type Sequences } from "../../../mesh/algorithms/pulse/sequences.ts";
import type { BreakerDelta, PulsePart } from "../../../mesh/contract/pulse.ts";
import { holds } from "../property.ts";

const NONE = { generation: 0, failed: 0, slow: 0, held: 0, run: 0, probes: [] };

/** An outbox of one object that gathers a number. */
function gathering() {
  const outbox: Outbox = new Map();
  let gathered = 0;
  openBox(outbox, "breaker:o", () => {
    const delta: BreakerDelta | null = gathered === 0 ? null : { ...NONE, ok: gathered };
    gathered = 0;
    return delta;
  });
  return { outbox, gather: (n: number) => void (gathered += n) };
}

const shown = (parts: readonly PulsePart[]): string[] =>
  parts.map(({ sequence, delta }) => `${sequence}:${(delta as BreakerDelta).ok}`);

describe("the outbox", () => {
  it("tells a part again unchanged until it is acknowledged, and what came meanwhile in the next", () => {
    const { outbox, gather } = gathering();
    expect(isUnderway(outbox)).toBe(false);
    expect(takeParts(outbox)).toEqual([]);
    gather(1);
    expect(shown(takeParts(outbox))).toEqual(["1:1"]);
    gather(2);
    expect(shown(takeParts(outbox))).toEqual(["1:1", "2:2"]);
    acknowledge(outbox, [{ object: "breaker:o", sequence: 1 }]);
    expect(shown(takeParts(outbox))).toEqual(["2:2"]);
    expect(isUnderway(outbox)).toBe(true);
    acknowledge(outbox, [
      { object: "breaker:o", sequence: 2 },
      { object: "breaker:other", sequence: 2 },
    ]);
    expect(isUnderway(outbox)).toBe(false);
  });

  it("has three parts of an object underway at most, and gathers the rest", () => {
    const { outbox, gather } = gathering();
    for (let n = 1; n <= 5; n++) {
      gather(n);
      takeParts(outbox);
    }
    expect(shown(takeParts(outbox))).toEqual(["1:1", "2:2", "3:3"]);
    acknowledge(outbox, [{ object: "breaker:o", sequence: 2 }]);
    expect(shown(takeParts(outbox))).toEqual(["3:3", "4:9"]);
  });
});

it("over a channel that loses, repeats and reorders, each count arrives once", () => {
  const link = fc.record({
    gathered: fc.nat(5),
    isLost: fc.boolean(),
    isReplyLost: fc.boolean(),
    isTwice: fc.boolean(),
  });
  holds(
    fc.property(fc.array(link, { maxLength: 40 }), (links) => {
      const { outbox, gather } = gathering();
      const sequences: Sequences = new Map();
      let [sent, taken] = [0, 0];
      const deliver = (parts: readonly PulsePart[]): void => {
        for (const { sequence, delta } of parts)
          if (isNewer(sequences, "isolate", sequence, 0)) taken += (delta as BreakerDelta).ok;
      };
      const good = { gathered: 0, isLost: false, isReplyLost: false, isTwice: false };
      for (const { gathered, isLost, isReplyLost, isTwice } of [...links, good, good]) {
        gather(gathered);
        sent += gathered;
        const parts = takeParts(outbox);
        if (isLost) continue;
        deliver(parts);
        if (isTwice) deliver(parts);
        if (!isReplyLost) acknowledge(outbox, parts);
      }
      return taken === sent && !isUnderway(outbox);
    }),
  );
});

it("forgets who was silent for ten minutes, the longest silent first", () => {
  const sequences: Sequences = new Map();
  expect(isNewer(sequences, "a", 5, 0)).toBe(true);
  expect(isNewer(sequences, "b", 1, 1000)).toBe(true);
  expect(isNewer(sequences, "a", 5, 2000)).toBe(false);
  expect(isNewer(sequences, "b", 2, 600_000)).toBe(true);
  expect([...sequences.keys()]).toEqual(["b"]);
});
