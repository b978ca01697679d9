// Bulkhead, deadline and nonce memory.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { enter, leave } from "../../../mesh/algorithms/concurrency/bulkhead.ts";
import { childDeadline, remaining } from "../../../mesh/algorithms/deadline/remaining.ts";
import { createNonceMemory, rememberedIn } from "../../../mesh/algorithms/replay/nonces.ts";
import { holds } from "../property.ts";
import { admit } from "./tags.ts";

describe("the bulkhead", () => {
  it("never holds more than its bound", () => {
    const bulkhead = { inFlight: 0 };
    expect([1, 2, 3].map(() => enter(bulkhead, 2))).toEqual([true, true, false]);
    leave(bulkhead);
    expect(enter(bulkhead, 2)).toBe(true);
    for (let i = 0; i < 5; i += 1) leave(bulkhead);
    expect(bulkhead.inFlight).toBe(0);
    expect(enter(bulkhead, 0)).toBe(false);
  });
});

describe("deadlines", () => {
  it("never outlive the parent's", () => {
    expect(childDeadline(1500, 1000, 200)).toBe(1200);
    expect(childDeadline(1100, 1000, 200)).toBe(1100);
    expect(childDeadline(1100, 1000, 0)).toBe(1100);
    expect(remaining(1100, 1000, 0)).toBe(100);
    expect(remaining(900, 1000, 50)).toBe(0);
    expect(remaining(Infinity, 1000, 0)).toBe(Infinity);
    expect(remaining(Infinity, 1000, 50)).toBe(50);
  });
});

describe("admitNonce", () => {
  it("refuses a nonce for as long as its proof can be good, 35 s, whenever it came", () => {
    holds(
      fc.property(
        fc.array(fc.tuple(fc.nat(20_000), fc.nat(8), fc.boolean()), { maxLength: 60 }),
        (events) => {
          const memory = createNonceMemory(0);
          const lastMs = new Map<string, number>();
          let nowMs = 0;
          for (const [stepMs, name, isSafeMethod] of events) {
            nowMs += stepMs;
            const nonce = `${name}`;
            const key = `${nonce} ${isSafeMethod}`;
            const verdict = admit(memory, nonce, isSafeMethod, nowMs);
            const ageMs = nowMs - (lastMs.get(key) ?? -Infinity);
            if (ageMs <= 35_000) expect(verdict).toBe("seen");
            if (ageMs > 105_000) expect(verdict).toBe("fresh");
            if (verdict === "fresh") lastMs.set(key, nowMs);
          }
        },
      ),
      0.1,
    );
  });

  it("remembers each of a steady stream for 35 s", () => {
    const memory = createNonceMemory(0);
    for (let second = 0; second < 300; second += 1) {
      expect(admit(memory, `n${second}`, false, second * 1000)).toBe("fresh");
      if (second >= 35) expect(admit(memory, `n${second - 35}`, false, second * 1000)).toBe("seen");
    }
    expect(rememberedIn(memory.other)).toBeLessThanOrEqual(71);
  });

  it("at its cap evicts for safe methods and fails closed for others", () => {
    const memory = createNonceMemory(0, 20);
    for (let i = 0; i < 10; i += 1) expect(admit(memory, `n${i}`, false, 0)).toBe("fresh");
    expect(admit(memory, "n10", false, 0)).toBe("full");
    expect(admit(memory, "n9", false, 0)).toBe("seen");
    for (let i = 0; i < 100; i += 1) expect(admit(memory, `s${i}`, true, 0)).toBe("fresh");
    expect(admit(memory, "s99", true, 0)).toBe("seen");
    expect(admit(memory, "s0", true, 0)).toBe("fresh");
    expect(admit(memory, "n9", false, 0)).toBe("seen");
    expect(rememberedIn(memory.safe)).toBe(10);
    expect(admit(memory, "n11", false, 35_000)).toBe("full");
    expect(admit(memory, "n11", false, 70_000)).toBe("fresh");
  });
});
