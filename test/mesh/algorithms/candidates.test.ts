// Many candidates of one path: however the list is cut, the first that holds is found, and few are asked.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Source, firstIn, lookupOf } from "../../../mesh/algorithms/match/candidates.ts";
import { matchRule } from "../../../mesh/algorithms/match/match.ts";
import type { Candidate, Condition } from "../../../mesh/contract/rule.ts";
import { holds } from "../property.ts";

type Given = Readonly<Record<Source, Readonly<Record<string, string>>>>;

const conditions = fc.option(
  fc.uniqueArray(
    fc.record({
      name: fc.constantFrom("a", "b", "c"),
      value: fc.constantFrom("1", "2", "3"),
      regex: fc.constantFrom(undefined, undefined, true),
    }),
    { maxLength: 3, selector: ({ name }) => name },
  ),
  { nil: undefined },
);
const candidate = fc
  .record({
    method: fc.constantFrom(undefined, undefined, "GET", "POST"),
    from: fc.constantFrom(undefined, undefined, ["ns/x"], ["ns/y"]),
    port: fc.constantFrom(undefined, undefined, 80, 81),
    headers: conditions,
    query: conditions,
  })
  .map((one) => JSON.parse(JSON.stringify({ ...one, rule: 0 })) as Candidate);
const values = fc.dictionary(fc.constantFrom("a", "b", "c"), fc.constantFrom("1", "2", "3", "4"));
const given = fc.record({ headers: values, query: values });

const read =
  (call: Given) =>
  (of: Source, name: string): string | null =>
    Object.hasOwn(call[of], name) ? (call[of][name] ?? null) : null;
/** For GET on port 80 by `ns/x`. */
const isHolding =
  (call: Given) =>
  ({
    method = "GET",
    from = ["ns/x"],
    port = 80,
    headers = [],
    query = [],
  }: Candidate): boolean => {
    const isMet = (of: Source, { name, value, regex }: Condition): boolean => {
      const actual = read(call)(of, name);
      return (
        actual !== null && (regex === true ? new RegExp(value).test(actual) : actual === value)
      );
    };
    return (
      method === "GET" &&
      from.includes("ns/x") &&
      port === 80 &&
      headers.every((one) => isMet("headers", one)) &&
      query.every((one) => isMet("query", one))
    );
  };

it("the first that holds is found, or none, as by walking the list", () => {
  holds(
    fc.property(fc.array(candidate, { maxLength: 40 }), given, (list, call) => {
      const found = firstIn(lookupOf(list), read(call), isHolding(call));
      expect(found).toBe(list.findIndex(isHolding(call)));
    }),
    0.4,
  );
});

describe("a thousand candidates told apart by one value", () => {
  const COUNT = 1000;
  const asks = (list: readonly Candidate[], call: Given): [found: number, asked: number] => {
    let asked = 0;
    const holdsFor = isHolding(call);
    const found = firstIn(lookupOf(list), read(call), (one) => {
      asked += 1;
      return holdsFor(one);
    });
    return [found, asked];
  };
  const of = (make: (n: number) => Omit<Candidate, "rule">): Candidate[] =>
    Array.from({ length: COUNT }, (_, rule) => ({ rule, ...make(rule) }));
  const tenant = (n: number): Condition => ({ name: "tenant", value: `t${n}` });
  const call = (n: number): Given => ({
    headers: { tenant: `t${n}`, region: "eu" },
    query: { tenant: `t${n}` },
  });
  const eu = { name: "region", value: "eu" };

  it.each<[what: string, list: Candidate[], most: number]>([
    ["of a header", of((n) => ({ headers: [tenant(n)] })), 0],
    ["of a query parameter", of((n) => ({ query: [tenant(n)] })), 0],
    ["of a header, beside one that all share", of((n) => ({ headers: [eu, tenant(n)] })), 0],
    ["of a header, with a method", of((n) => ({ method: "GET", headers: [tenant(n)] })), 1],
    ["of a header, with a caller", of((n) => ({ from: ["ns/x"], headers: [tenant(n)] })), 1],
    ["of a header, with a port", of((n) => ({ port: 80, headers: [tenant(n)] })), 1],
    [
      "of a header, with a pattern",
      of((n) => ({ headers: [tenant(n), { name: "region", value: "e.", regex: true }] })),
      1,
    ],
  ])("%s: at most a few are asked", (_what, list, most) => {
    for (const n of [0, 500, COUNT - 1]) {
      const [found, asked] = asks(list, call(n));
      expect(found).toBe(n);
      expect(asked).toBeLessThanOrEqual(most);
    }
    expect(asks(list, call(COUNT))).toEqual([-1, 0]);
  });

  it("those that take any value come in their order", () => {
    const list = of((n) => (n % 100 === 50 ? {} : { headers: [tenant(n)] }));
    const anyOf = (n: number): number => asks(list, call(n))[0];
    expect([0, 7, 49, 51, 999].map(anyOf)).toEqual([0, 7, 49, 50, 50]);
    expect(asks(list, { headers: {}, query: {} })[0]).toBe(50);
  });

  it("so do those that ask for something else, and none behind the one found is asked", () => {
    const list = of((n) => (n % 100 === 50 ? { method: "GET" } : { headers: [tenant(n)] }));
    expect([0, 7, 150, 999].map((n) => asks(list, call(n)))).toEqual([
      [0, 0],
      [7, 0],
      [50, 1],
      [50, 1],
    ]);
  });
});

it("a list of eight is walked as it is, one of nine is cut", () => {
  const list = (length: number): Candidate[] =>
    Array.from({ length }, (_, rule) => ({ rule, headers: [{ name: "a", value: `${rule}` }] }));
  expect(lookupOf(list(8))).toHaveProperty("list");
  expect(lookupOf(list(9))).toMatchObject({ of: "headers", name: "a" });
  const alike = Array.from({ length: 20 }, (_, rule) => ({ rule, method: "GET" }));
  expect(lookupOf(alike)).toHaveProperty("list");
});

describe("patterns among many values", () => {
  const exact = Array.from({ length: 20 }, (_, rule): Candidate => ({
    rule,
    headers: [{ name: "tenant", value: `t${rule}` }],
  }));
  const pattern = { rule: 20, headers: [{ name: "tenant", value: "^x", regex: true }] };
  const found = (tenant: string): number => {
    const call = { headers: { tenant }, query: {} };
    return firstIn(lookupOf([...exact, pattern]), read(call), isHolding(call));
  };

  it("are held against the value, though others were told apart by it", () => {
    expect([found("t3"), found("xyz"), found("zz")]).toEqual([3, 20, -1]);
  });

  it("tell nothing apart themselves", () => {
    expect(lookupOf(Array.from({ length: 20 }, () => pattern))).toHaveProperty("list");
  });
});

it("a table reads a header once, however many candidates ask for it", () => {
  const list = Array.from({ length: 20 }, (_, rule): Candidate => ({
    rule,
    headers: [{ name: "tenant", value: `t${rule}` }],
  }));
  const table = { rules: [], exact: {}, regex: [], prefix: { "": list } };
  let reads = 0;
  const header = (): string => {
    reads += 1;
    return "t19";
  };
  expect(matchRule(table, { method: "GET", path: "/", query: "", header })).toBe(19);
  expect(reads).toBe(1);
});

it("a table asks for headers and for parameters where its candidates do", () => {
  const list = (of: Source): Candidate[] =>
    Array.from({ length: 20 }, (_, rule) => ({ rule, [of]: [{ name: "n", value: `${rule}` }] }));
  const rules = { rules: [], exact: {}, regex: [] };
  const table = { ...rules, prefix: { "/h": list("headers"), "/q": list("query") } };
  const match = (path: string, header: string | null, query: string): number =>
    matchRule(table, { method: "GET", path, query, header: () => header });
  expect(match("/h", "7", "n=8")).toBe(7);
  expect(match("/q", "7", "n=8")).toBe(8);
  expect(match("/h", null, "n=8")).toBe(-1);
  expect(match("/q", "7", "")).toBe(-1);
});
