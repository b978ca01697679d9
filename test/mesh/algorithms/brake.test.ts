// Whether a destination is rough, and whether retries to it are held back: by share, by volume, and with hysteresis.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { aged } from "../../../mesh/algorithms/breaker/door.ts";
import {
  BRAKE_WINDOW_MS,
  HANDED_ON_MS,
  brakeOn,
  isBraked,
  isKnownRough,
  isRough,
  newBrake,
  observe,
  weatherNow,
  type Tally,
} from "../../../mesh/algorithms/retry/brake.ts";
import type { Verdict } from "../../../mesh/contract/pulse.ts";
import { holds } from "../property.ts";
import { SILENT, START, verdict } from "./circuits.ts";

const tally = (change: Partial<Tally>): Tally => ({
  ok: 0,
  failed: 0,
  retries: 0,
  withheld: 0,
  ...change,
});
const counts = fc.record({
  ok: fc.nat(300),
  failed: fc.nat(300),
  retries: fc.nat(300),
  withheld: fc.nat(300),
});

describe("a destination is rough", () => {
  it.each<[what: string, seen: Partial<Tally>, is: boolean]>([
    ["where a twentieth failed", { ok: 19, failed: 1 }, true],
    ["where all failed", { failed: 20 }, true],
    ["not where less failed", { ok: 20, failed: 1 }, false],
    ["not by fewer than 20 calls", { failed: 19 }, false],
    ["not by what was held back", { ok: 20, withheld: 40 }, false],
    ["not where nothing was called", {}, false],
  ])("%s", (_what, seen, is) => {
    expect(isRough(tally(seen))).toBe(is);
  });
});

describe("retries are braked", () => {
  it.each<[what: string, was: boolean, seen: Partial<Tally>, is: boolean]>([
    ["above a fifth of the attempts", false, { ok: 150, failed: 50, retries: 50 }, true],
    ["not at a fifth", false, { ok: 160, failed: 40, retries: 40 }, false],
    ["not by fewer than 200 attempts", false, { failed: 199, retries: 149 }, false],
    ["whatever came of them", false, { ok: 200, retries: 50 }, true],
    ["as long as a tenth is wanted", true, { ok: 18, withheld: 2 }, true],
    ["not with less than that", true, { ok: 19, withheld: 2 }, false],
    ["by few calls too, once they are", true, { failed: 1, withheld: 1 }, true],
    ["not without any call", true, {}, false],
    ["not anew by a tenth", false, { ok: 180, failed: 20, withheld: 20 }, false],
  ])("%s", (_what, was, seen, is) => {
    expect(isBraked(was, tally(seen))).toBe(is);
  });

  it("never without retries, always where a storm is or was held back", () => {
    holds(
      fc.property(fc.boolean(), counts, (was, seen) => {
        expect(isBraked(was, { ...seen, retries: 0, withheld: 0 })).toBe(false);
        // One that is braked lets go of nothing that would brake it at once.
        if (isBraked(false, seen)) expect(isBraked(true, seen)).toBe(true);
        // Of calls that all fail at least every second attempt is a retry that was wanted.
        const { failed } = seen;
        const storm = { ok: 0, failed, retries: 0, withheld: failed };
        if (failed > 0) expect(isBraked(true, storm)).toBe(true);
        if (failed >= 100) expect(isBraked(false, storm)).toBe(true);
      }),
    );
  });
});

describe("a brake", () => {
  const told = { ...SILENT, ok: 100, failed: 300, retries: 300 };

  it("says what holds, and nothing else", () => {
    const brake = newBrake();
    expect(weatherNow(brake, START)).toEqual({});
    observe(brake, { ...SILENT, ok: 19, failed: 1 }, START);
    expect(weatherNow(brake, START)).toEqual({ isRough: true });
    observe(brake, told, START);
    expect(weatherNow(brake, START)).toEqual({ isRough: true, isBraked: true });
  });

  it("forgets what is older than its window, and lets go where nobody calls", () => {
    const brake = newBrake();
    observe(brake, told, START);
    expect(weatherNow(brake, START + BRAKE_WINDOW_MS - 1)).toEqual({
      isRough: true,
      isBraked: true,
    });
    expect(weatherNow(brake, START + BRAKE_WINDOW_MS)).toEqual({});
  });

  it("holds on through an outage by what it holds back, and lets go when calls are good", () => {
    const brake = newBrake();
    observe(brake, told, START);
    let nowMs = START;
    const pass = (delta: object): object => {
      weatherNow(brake, nowMs);
      nowMs += 500;
      observe(brake, { ...SILENT, ...delta }, nowMs);
      return weatherNow(brake, nowMs);
    };
    for (let turn = 0; turn < 200; turn++)
      expect(pass({ failed: 20, withheld: 20 })).toEqual({ isRough: true, isBraked: true });
    const during = Array.from({ length: 12 }, () => pass({ ok: 20 }));
    expect(during.at(-1)).toEqual({});
    // No way back once it let go.
    const first = during.findIndex((said) => !("isBraked" in said));
    expect(first).toBeGreaterThan(0);
    expect(during.slice(first).every((said) => !("isBraked" in said))).toBe(true);
  });

  it("takes a build that tells of no retries for one that makes none", () => {
    const brake = newBrake();
    observe(brake, { ...SILENT, failed: 100 }, START);
    expect(weatherNow(brake, START)).toEqual({ isRough: true });
  });

  it("says the same of the same counts in whatever parts they come", () => {
    holds(
      fc.property(fc.array(counts, { maxLength: 8 }), (parts) => {
        const [one, all] = [newBrake(), newBrake()];
        const sum = { ok: 0, failed: 0, retries: 0, withheld: 0 };
        for (const part of parts) {
          observe(one, { ...SILENT, ...part }, START);
          for (const name of ["ok", "failed", "retries", "withheld"] as const)
            sum[name] += part[name];
        }
        observe(all, { ...SILENT, ...sum }, START);
        expect(weatherNow(one, START)).toEqual(weatherNow(all, START));
      }),
      0.1,
    );
  });
});

describe("what was heard", () => {
  const said = (object: string, more: Partial<Verdict> = {}): Verdict => ({
    ...verdict("closed", 0),
    object,
    ...more,
  });

  it("holds for the service of the circuit, whatever its endpoint and scope", () => {
    const braked = said("breaker:ns/s|e|Api.get", { isBraked: true });
    const heard = [said("breaker:ns/other|e"), braked];
    expect(brakeOn(heard, "ns/s")).toBe(braked);
    expect(brakeOn(heard, "ns/other")).toBeUndefined();
    expect(brakeOn(heard, "ns/s|e")).toBeUndefined();
    expect(brakeOn([said("breaker:ns/s|e", { isRough: true })], "ns/s")).toBeUndefined();
  });

  it("is rough where it is said to be, or where the circuit is not closed", () => {
    expect(isKnownRough([said("breaker:ns/s|e")], "ns/s")).toBe(false);
    expect(isKnownRough([said("breaker:ns/s|e", { isRough: true })], "ns/s")).toBe(true);
    expect(isKnownRough([said("breaker:ns/s|e", { state: "open" })], "ns/s")).toBe(true);
    expect(isKnownRough([said("breaker:ns/s|e", { isRough: true })], "ns/other")).toBe(false);
  });

  it("is not handed on for long", () => {
    const rough = said("breaker:ns/s|e", { isRough: true, isBraked: true });
    expect(aged(rough, HANDED_ON_MS - 1)).toEqual(rough);
    expect(aged(rough, HANDED_ON_MS)).toEqual(said("breaker:ns/s|e"));
  });
});
