// Who may ask a circuit for a lease, and what the others are told.
import { describe, expect, it } from "vitest";
import {
  aged,
  hear,
  heard,
  knock,
  newDoor,
  unlock,
} from "../../../mesh/algorithms/breaker/door.ts";
import { START, verdict } from "./circuits.ts";

describe("what was heard of a circuit", () => {
  it("is nothing at first, and ages", () => {
    const door = newDoor();
    expect(heard(door, START)).toBeNull();
    hear(door, verdict("open", 3, 900), START);
    expect(heard(door, START + 400)).toEqual(verdict("open", 3, 500));
    expect(heard(door, START + 900)).toEqual(verdict("open", 3, 0));
    expect(heard(door, START + 901)).toEqual(verdict("open", 3, 0));
    expect(aged(verdict("open", 3, 900), 0)).toEqual(verdict("open", 3, 900));
  });

  it.each([
    ["an older one is not believed", 2, 3],
    ["one that says the same anew is", 3, 3],
    ["a newer one is", 4, 4],
  ])("%s", (_, generation, known) => {
    const door = newDoor();
    hear(door, verdict("open", 3, 900), START);
    hear(door, verdict("open", generation, 700), START + 100);
    const probeInMs = generation < 3 ? 800 : 700;
    expect(heard(door, START + 100)).toEqual(verdict("open", known, probeInMs));
  });
});

describe("a question for a lease", () => {
  const known = () => {
    const door = newDoor();
    hear(door, verdict("open", 1), START);
    return door;
  };
  const refused = verdict("open", 1);

  it("is put one at a time, and one that was lost keeps nobody away", () => {
    const door = known();
    expect(knock(door, START)).toBeNull();
    expect(knock(door, START)).toEqual(refused);
    expect(knock(door, START + 4999)).toEqual(refused);
    expect(knock(door, START + 5000)).toBeNull();
    expect(knock(door, START + 9999)).toEqual(refused);
  });

  it("is put by all while nothing is known", () => {
    const door = newDoor();
    expect(knock(door, START)).toBeNull();
    expect(knock(door, START)).toBeNull();
    unlock(door, 0, 500, START);
    expect(knock(door, START)).toBeNull();
  });

  it.each([
    ["a no holds", 0, START + 499, refused],
    ["a no holds no longer", 0, START + 500, null],
    ["a lease opens the door", 7, START, null],
    ["no answer opens the door", null, START, null],
  ])("%s", (_, lease, atMs, answer) => {
    const door = known();
    knock(door, START - 100);
    unlock(door, lease, 500, START);
    expect(knock(door, atMs)).toEqual(answer);
  });

  it("a lease does not end an earlier no", () => {
    const door = known();
    unlock(door, 0, 500, START);
    unlock(door, 7, 500, START + 100);
    expect(knock(door, START + 499)).toEqual(refused);
  });
});
