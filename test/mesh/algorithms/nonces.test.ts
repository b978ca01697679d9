// The memory of tags against one that keeps them in sets, as they are described.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  admitNonce,
  createNonceMemory,
  NONCE_CAP,
  rememberedIn,
} from "../../../mesh/algorithms/replay/nonces.ts";
import { REQUEST_AHEAD_MS, REQUEST_WINDOW_MS } from "../../../mesh/contract/identity.ts";
import { holds, randomFrom } from "../property.ts";

const GENERATION_MS = REQUEST_WINDOW_MS + REQUEST_AHEAD_MS;

/** One class and its two generations, in the order of arrival. */
class Model {
  readonly cap: number;
  #bornMs = 0;
  #current = new Set<string>();
  #previous = new Set<string>();

  constructor(cap: number) {
    this.cap = cap;
  }

  rotate(nowMs: number): void {
    const ageMs = nowMs - this.#bornMs;
    if (ageMs < GENERATION_MS) return;
    this.#previous = ageMs < 2 * GENERATION_MS ? this.#current : new Set();
    this.#current = new Set();
    this.#bornMs = nowMs;
  }

  admit(tag: string, isSafe: boolean): string {
    if (this.#current.has(tag) || this.#previous.has(tag)) return "seen";
    if (this.size >= this.cap / 2) {
      if (!isSafe) return "full";
      const oldest = this.#previous.size > 0 ? this.#previous : this.#current;
      for (const first of [...oldest].slice(0, 1)) oldest.delete(first);
    }
    this.#current.add(tag);
    return "fresh";
  }

  get size(): number {
    return this.#current.size + this.#previous.size;
  }
}

describe("the memory of tags", () => {
  it("says what sets would say, however its slots collide", () => {
    const event = fc.record({
      stepMs: fc.oneof({ weight: 9, arbitrary: fc.nat(300) }, fc.nat(80_000)),
      // Few second words, so that whole runs of slots are taken, with gaps to be closed by evictions.
      first: fc.nat(40),
      second: fc.constantFrom(0, 1, 2, 3, 64, 126, 127, 128, -1, 2 ** 30 - 1),
      isSafe: fc.boolean(),
    });
    holds(
      fc.property(
        fc.array(event, { maxLength: 400, size: "max" }),
        fc.constantFrom(2, 9, 40, 300),
        (events, cap) => {
          const memory = createNonceMemory(0, cap);
          const models = { safe: new Model(cap), other: new Model(cap) };
          const said: unknown[] = [];
          const expected: unknown[] = [];
          let nowMs = 0;
          for (const { stepMs, first, second, isSafe } of events) {
            nowMs += stepMs;
            for (const model of Object.values(models)) model.rotate(nowMs);
            const model = isSafe ? models.safe : models.other;
            expected.push(model.admit(`${first} ${second}`, isSafe), model.size);
            said.push(admitNonce(memory, first, second, isSafe, nowMs));
            said.push(rememberedIn(isSafe ? memory.safe : memory.other));
          }
          expect(said).toEqual(expected);
        },
      ),
      0.05,
    );
  });

  it("says so through thousands of evictions, whatever slots they leave free", () => {
    const random = randomFrom(7);
    const memory = createNonceMemory(0, 80);
    const model = new Model(80);
    const [said, expected]: [unknown[], unknown[]] = [[], []];
    for (let n = 0; n < 5000; n += 1) {
      const [first, second] = [Math.floor(random() * 4), Math.floor(random() * 60) * 3];
      expected.push(model.admit(`${first} ${second}`, true));
      said.push(admitNonce(memory, first, second, true, 0));
    }
    expect(said).toEqual(expected);
  });

  it("keeps its cap in 2 MiB, and gives the room back once it is not needed", () => {
    const random = randomFrom(5);
    const word = (): number => Math.floor(random() * 2 ** 30);
    const memory = createNonceMemory(0);
    const bytes = (): number =>
      [memory.safe, memory.other].reduce(
        (sum, { tags, slots }) => sum + tags.byteLength + slots.byteLength,
        0,
      );
    for (let i = 0; i < NONCE_CAP / 2 + 10; i += 1) {
      expect(admitNonce(memory, word(), word(), true, 0)).toBe("fresh");
      admitNonce(memory, word(), word(), false, 0);
    }
    expect(rememberedIn(memory.safe) + rememberedIn(memory.other)).toBe(NONCE_CAP);
    expect(bytes()).toBeLessThanOrEqual(2 * 2 ** 20);
    admitNonce(memory, word(), word(), true, 2 * GENERATION_MS);
    expect(bytes()).toBeLessThan(4096);
  });

  it("grows by as much as it holds, and forgets a generation that grew like any other", () => {
    const memory = createNonceMemory(0);
    const { other } = memory;
    const admit = (tag: number, nowMs: number) => admitNonce(memory, tag, tag, false, nowMs);
    for (let n = 0; n < 600; n += 1) {
      expect(admit(n, 0)).toBe("fresh");
      const places = Math.max(64, 2 * rememberedIn(other));
      expect(other.tags.byteLength + other.slots.byteLength).toBeLessThanOrEqual(16 * places);
    }
    for (let n = 600; n < 2500; n += 1) expect(admit(n, GENERATION_MS)).toBe("fresh");
    expect(rememberedIn(other)).toBe(2500);
    expect(admit(600, 2 * GENERATION_MS)).toBe("seen");
    expect(admit(599, 2 * GENERATION_MS)).toBe("fresh");
    expect(rememberedIn(other)).toBe(1901);
  });
});
