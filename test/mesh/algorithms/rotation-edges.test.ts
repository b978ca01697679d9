// Keys and revocations at the instants where they change.
import { describe, expect, it } from "vitest";
import { inForce } from "../../../mesh/algorithms/rotation/in-force.ts";
import {
  type Slot,
  activeSlot,
  nextLook,
  nextSlot,
  slotState,
} from "../../../mesh/algorithms/rotation/slots.ts";
import { KEY_GRACE_MS } from "../../../mesh/contract/identity.ts";

const slot = (kid: string, activeMs: number, notAfterMs: number): Slot => ({
  kid,
  preparedMs: activeMs - 10,
  activeMs,
  notAfterMs,
});
const [first, second] = [slot("w1", 1000, 1600), slot("w2", 1500, 2100)];
const LIFE_MS = 600;

describe("the active key", () => {
  it.each([
    [999, undefined],
    [1000, "w1"],
    [1499, "w1"],
    [1500, "w2"],
    [2099, "w2"],
    [2100, undefined],
  ])("at %i is %s", (nowMs, kid) => {
    expect(activeSlot([first, second], nowMs)?.kid).toBe(kid);
    expect(activeSlot([second, first], nowMs)?.kid).toBe(kid);
  });

  it("is the one named last of two that began together", () => {
    expect(activeSlot([first, { ...first, kid: "w3" }], 1000)?.kid).toBe("w3");
  });

  it("is prepared until its instant, and retired from the next one's", () => {
    const states = (nowMs: number) =>
      [first, second].map((one) => slotState(one, [first, second], nowMs));
    expect(states(999)).toEqual(["prepared", "prepared"]);
    expect(states(1000)).toEqual(["active", "prepared"]);
    expect(states(1500)).toEqual(["retired", "active"]);
    expect(states(2100)).toEqual(["retired", "retired"]);
  });
});

describe("the next key", () => {
  it("is made at half the life of the active one, to take over a sixth before its end", () => {
    expect(nextSlot([first], 1299, LIFE_MS)).toBeNull();
    expect(nextSlot([first], 1300, LIFE_MS)).toEqual({
      preparedMs: 1300,
      activeMs: 1500,
      notAfterMs: 2100,
    });
  });

  it("takes over at once where that time has passed, or where there is none", () => {
    expect(nextSlot([first], 1550, LIFE_MS)).toEqual({
      preparedMs: 1550,
      activeMs: 1550,
      notAfterMs: 2150,
    });
    const begun = { preparedMs: 1600, activeMs: 1600, notAfterMs: 2200 };
    expect(nextSlot([first], 1600, LIFE_MS)).toEqual(begun);
    expect(nextSlot([], 1600, LIFE_MS)).toEqual(begun);
  });

  it("is not made twice", () => {
    expect(nextSlot([first, second], 1499, LIFE_MS)).toBeNull();
    expect(nextSlot([first, second], 1500, LIFE_MS)).toBeNull();
    expect(nextSlot([first, second], 1800, LIFE_MS)).not.toBeNull();
  });

  it("is looked for at each half-life, take-over and end", () => {
    const looks = [900];
    for (let at = 900; at < 2100;) looks.push((at = nextLook([first, second], at)));
    expect(looks).toEqual([900, 1000, 1300, 1500, 1600, 1800, 2100]);
  });
});

it("a revoked session is forgotten when its keys have ended, everything else never", () => {
  const of = (kind: "subject" | "kid" | "session" | "binding") => ({
    kind,
    value: "x",
    atMs: 5000,
  });
  const all = [of("subject"), of("kid"), of("session"), of("binding")];
  expect(inForce(all, 5000 + KEY_GRACE_MS - 1)).toEqual(all);
  expect(inForce(all, 5000 + KEY_GRACE_MS).map(({ kind }) => kind)).toEqual([
    "subject",
    "kid",
    "binding",
  ]);
});
