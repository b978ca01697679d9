// What a divided table is divided by, and which part of it a request is looked up in.
import { describe, expect, it } from "vitest";
import { fnv } from "../../../mesh/algorithms/hash/fnv.ts";
import { firstSegment, hostTable, partOf } from "../../../mesh/algorithms/match/part.ts";
import type { HostChunk } from "../../../mesh/contract/gateway.ts";
import type { RuleTable } from "../../../mesh/contract/rule.ts";

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

describe("a request is looked up", () => {
  const PARTS = 7;
  const tableOf = (path: string): RuleTable => ({
    rules: [],
    exact: {},
    regex: [],
    prefix: { [path]: [{ rule: 0 }] },
  });
  const whole: HostChunk = { table: tableOf("/whole") };
  const chunks: Record<string, HostChunk> = {
    whole,
    byPath: { table: tableOf("/none"), parts: PARTS },
    byHeader: { table: tableOf("/none"), parts: PARTS, by: "x-tenant" },
  };
  for (const id of ["byPath", "byHeader"])
    for (let part = 0; part < PARTS; part += 1)
      chunks[`${id}#${part}`] = { table: tableOf(`/${id}/${part}`) };
  const find = (id: string, path: string, tenant: string | null = null, known = chunks) =>
    hostTable((one) => known[one] ?? null, id, {
      path,
      header: (name) => (name === "x-tenant" ? tenant : "other"),
    });

  it("in a table that is not divided, or in none", () => {
    expect(find("whole", "/a")).toBe(whole.table);
    expect(find("other", "/a")).toBeNull();
  });

  it("in the part of its first segment, or of the header that tells them apart", () => {
    const met = new Set<number>();
    for (const path of ["/", "/c/d", "/c/e", ...Array.from({ length: 40 }, (_, n) => `/p${n}`)]) {
      met.add(partOf(firstSegment(path), PARTS));
      const part = chunks[`byPath#${partOf(firstSegment(path), PARTS)}`];
      expect(find("byPath", path, "t1")).toBe(part?.table);
      // Again, by the ids that are kept.
      expect(find("byPath", path, "t2")).toBe(part?.table);
    }
    expect(met.size).toBe(PARTS);
    for (const tenant of [null, "t1", "t2", "t3"])
      expect(find("byHeader", "/a", tenant)).toBe(
        chunks[`byHeader#${partOf(tenant, PARTS)}`]?.table,
      );
  });

  it("in no table where its part cannot be read", () => {
    const { byPath } = chunks as { byPath: HostChunk };
    expect(find("byPath", "/a", null, { byPath })).toBeNull();
  });
});
