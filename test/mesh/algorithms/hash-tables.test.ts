// Rings and Maglev tables to the entry: shares by weight, order, what is tried next.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isWithinBound } from "../../../mesh/algorithms/hash/bounded.ts";
import { fnv, unitPoint } from "../../../mesh/algorithms/hash/fnv.ts";
import { MAGLEV_SIZE, buildMaglev, pickMaglev } from "../../../mesh/algorithms/hash/maglev.ts";
import { pickRendezvous } from "../../../mesh/algorithms/hash/rendezvous.ts";
import {
  type Hashed,
  RING_POINTS,
  buildRing,
  pickRing,
} from "../../../mesh/algorithms/hash/ring.ts";
import { holds } from "../property.ts";

const always = (): boolean => true;
const host = (id: string, weight = 1) => ({ id, weight });

describe("a ring", () => {
  it("has a hundred points for each weight, one at least, and none without weight", () => {
    const { owners } = buildRing([host("a"), host("b", 2), host("c", 0.001), host("d", 0)]);
    const counts = [0, 1, 2, 3].map((owner) => owners.filter((one) => one === owner).length);
    expect(counts).toEqual([RING_POINTS, 2 * RING_POINTS, 1, 0]);
    expect(buildRing([host("a", 0.26)], 10).points).toHaveLength(3);
  });

  it("has its points in order, each of its owner", () => {
    const hosts = [host("a"), host("b")];
    const { points, owners } = buildRing(hosts, 3);
    const all = hosts.flatMap(({ id }, owner) =>
      [0, 1, 2].map((n): [number, number] => [fnv(`${id}#${n}`), owner]),
    );
    all.sort(([a], [b]) => a - b);
    expect([...points]).toEqual(all.map(([point]) => point));
    expect([...owners]).toEqual(all.map(([, owner]) => owner));
  });

  it("has a point of two endpoints in the order of their ids, whichever is given first", () => {
    const [low, high] = [host("ns-1olqay"), host("ns-2i8nwc")];
    expect(fnv(`${low.id}#0`)).toBe(fnv(`${high.id}#0`));
    expect([...buildRing([low, high], 1).owners]).toEqual([0, 1]);
    expect([...buildRing([high, low], 1).owners]).toEqual([1, 0]);
  });

  it("gives a key to the first point at or behind it, and around", () => {
    const ring = { points: Uint32Array.of(10, 20, 30), owners: Uint32Array.of(0, 1, 2) };
    const owners = [0, 10, 11, 20, 21, 30, 31, 0xffff_ffff].map((key) =>
      pickRing(ring, key, always),
    );
    expect(owners).toEqual([0, 0, 1, 1, 2, 2, 0, 0]);
    expect(pickRing(ring, 15, (index) => index !== 1)).toBe(2);
    expect(pickRing(ring, 25, (index) => index === 1)).toBe(1);
    expect(pickRing({ points: new Uint32Array(), owners: new Uint32Array() }, 5, always)).toBe(-1);
  });

  it("asks of each endpoint once", () => {
    const ring = buildRing([host("a"), host("b"), host("c")]);
    const asked: number[] = [];
    expect(
      pickRing(ring, 7, (index) => {
        asked.push(index);
        return false;
      }),
    ).toBe(-1);
    expect(asked.toSorted((a, b) => a - b)).toEqual([0, 1, 2]);
  });
});

describe("a Maglev table", () => {
  const countsOf = (table: Uint16Array, hosts: number): number[] => {
    const counts = Array.from({ length: hosts }, () => 0);
    for (const owner of table) counts[owner] = (counts[owner] ?? 0) + 1;
    return counts;
  };

  it("is filled by turns: equal endpoints differ by one entry at most, others by weight", () => {
    const even = countsOf(buildMaglev([host("a"), host("b"), host("c")], 251), 3);
    expect(even.toSorted((a, b) => a - b)).toEqual([83, 84, 84]);
    const [one = 0, two = 0, four = 0, none] = countsOf(
      buildMaglev([host("a", 1), host("b", 2), host("c", 4), host("d", 0)], 701),
      4,
    );
    expect(none).toBe(0);
    expect(one + two + four).toBe(701);
    expect(Math.abs(one - 100)).toBeLessThanOrEqual(1);
    expect(Math.abs(two - 200)).toBeLessThanOrEqual(2);
    expect(Math.abs(four - 400)).toBeLessThanOrEqual(2);
  });

  it("begins with each endpoint at the head of its own permutation", () => {
    const table = buildMaglev([host("a"), host("b")], 251);
    expect(table[fnv("a") % 251]).toBe(0);
    expect(table[fnv("b") % 251]).toBe(1);
    const next = (fnv("a") + (fnv("a#skip") % 250) + 1) % 251;
    expect(table[next]).toBe(0);
    expect(table).toHaveLength(251);
    expect(buildMaglev([host("a")])).toHaveLength(MAGLEV_SIZE);
    expect(buildMaglev([host("a", 0)])).toHaveLength(0);
  });

  it("gives each its turns by weight, those of one turn in the order of their ids", () => {
    const SIZE = 31;
    /** One entry a turn at most, and the one after `k` once the turns have been worth `k` of the heaviest. */
    const inTurns = (given: readonly Hashed[]): number[] => {
      const most = Math.max(...given.map(({ weight }) => weight));
      const due = given.flatMap(({ id, weight }, owner) =>
        Array.from({ length: SIZE }, (_, k) => {
          const turn = Math.max(k + 1, Math.ceil((k * most) / weight));
          return { id, owner, turn };
        }),
      );
      due.sort((a, b) => a.turn - b.turn || (a.id < b.id ? -1 : 1));
      const table: number[] = [];
      for (const { id, owner } of due.slice(0, SIZE)) {
        let at = fnv(id) % SIZE;
        while (table[at] !== undefined) at = (at + (fnv(`${id}#skip`) % (SIZE - 1)) + 1) % SIZE;
        table[at] = owner;
      }
      return table;
    };
    const hosts = fc.uniqueArray(
      fc.record({ id: fc.string({ maxLength: 3 }), weight: fc.integer({ min: 1, max: 4 }) }),
      { selector: ({ id }) => id, minLength: 1, maxLength: 4 },
    );
    holds(
      fc.property(hosts, (given) => {
        expect([...buildMaglev(given, SIZE)]).toEqual(inTurns(given));
      }),
      0.1,
    );
  });

  it("moves few keys when one leaves", () => {
    const hosts = Array.from({ length: 10 }, (_, n) => host(`h${n}`));
    const [before, after] = [buildMaglev(hosts), buildMaglev(hosts.slice(0, 9))];
    let moved = 0;
    before.forEach((owner, at) => {
      if (owner !== 9 && after[at] !== owner) moved += 1;
    });
    expect(moved / MAGLEV_SIZE).toBeLessThan(0.05);
  });

  it("gives a key its entry, and then entries drawn from the key", () => {
    const table = Uint16Array.of(0, 1, 2, 3, 4);
    expect([0, 1, 6, 13].map((key) => pickMaglev(table, key, always))).toEqual([0, 1, 1, 3]);
    // Key 6 begins at 1, and goes on by 6 % 4 + 1 = 3.
    const order: number[] = [];
    expect(
      pickMaglev(table, 6, (index) => {
        order.push(index);
        return false;
      }),
    ).toBe(-1);
    expect(order).toEqual([1, 4, 2, 0, 3]);
    expect(pickMaglev(new Uint16Array(0), 1, always)).toBe(-1);
  });
});

describe("rendezvous", () => {
  it("takes the highest of the scores, of equal ones the first", () => {
    const hosts = [host("a", 1), host("b", 3), host("c", 2)];
    for (let n = 0; n < 200; n++) {
      const scores = hosts.map(
        ({ id, weight }) => -weight / Math.log(unitPoint(`${id} k${n}`) + 2 ** -33),
      );
      const highest = scores.indexOf(Math.max(...scores));
      expect(pickRendezvous(hosts, `k${n}`, always)).toBe(highest);
    }
    expect(pickRendezvous([host("a"), host("a")], "k", always)).toBe(0);
    expect(pickRendezvous([host("a", -1), host("b", 0)], "k", always)).toBe(-1);
  });

  it("scores the lowest point lowest", () => {
    const key = "k56245439a";
    expect(unitPoint(`a ${key}`)).toBe(0);
    expect(pickRendezvous([host("b"), host("a"), host("c")], key, (index) => index < 2)).toBe(0);
    expect(pickRendezvous([host("a"), host("b")], key, always)).toBe(1);
    expect(pickRendezvous([host("a")], key, always)).toBe(0);
  });
});

it("the bound is the factor of the mean, rounded up, with the call that asks counted", () => {
  const most = (all: number, share: number, factor: number): number => {
    let inFlight = 0;
    while (isWithinBound(inFlight, all, share, factor)) inFlight += 1;
    return inFlight;
  };
  expect([most(0, 0.5, 1.5), most(3, 0.5, 1.5), most(9, 0.5, 1.5)]).toEqual([1, 3, 8]);
  expect([most(7, 0.25, 2), most(8, 0.25, 2)]).toEqual([4, 5]);
});
