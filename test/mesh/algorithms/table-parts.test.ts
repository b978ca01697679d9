// What a divided table is divided by.
import { expect, it } from "vitest";
import { fnv } from "../../../mesh/algorithms/hash/fnv.ts";
import { firstSegment, partOf } from "../../../mesh/algorithms/match/part.ts";

it("the first segment has its slash, and ends before the next", () => {
  expect(["/", "/a", "/a/", "/a/b/c", "//b"].map(firstSegment)).toEqual([
    "/",
    "/a",
    "/a",
    "/a",
    "/",
  ]);
});

it("a part is the hash of its key, none that of the empty one", () => {
  expect(partOf("/a", 7)).toBe(fnv("/a") % 7);
  expect(partOf(null, 7)).toBe(fnv("") % 7);
});
