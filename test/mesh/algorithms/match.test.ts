import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { candidateHosts, canonicalHost } from "../../../mesh/algorithms/match/host.ts";
import type { MatchCall } from "../../../mesh/algorithms/match/match.ts";
import { matchRule } from "../../../mesh/algorithms/match/match.ts";
import { queryValue } from "../../../mesh/algorithms/match/query.ts";
import { holds } from "../property.ts";
import type { FlatMatch } from "./match-oracle.ts";
import { compileTable, winnerByText } from "./match-oracle.ts";

const segment = fc.constantFrom("", "a", "b", "v2", "v20", "a.b", "%61");
const pathOf = fc
  .array(segment, { minLength: 1, maxLength: 4 })
  .map((segments) => `/${segments.join("/")}`);
const headerName = fc.constantFrom("x-a", "x-b", "version");
const value = fc.constantFrom("1", "2", "one two", "");
const paramName = fc.constantFrom("p", "q", "a b");
const pairs = (name: fc.Arbitrary<string>) =>
  fc.uniqueArray(fc.record({ name, value, regex: fc.constant(false) }), {
    maxLength: 3,
    selector: (condition) => condition.name,
  });
const flatMatch: fc.Arbitrary<FlatMatch> = fc.record({
  path: fc.record({
    type: fc.constantFrom("Exact", "PathPrefix", "RegularExpression"),
    value: pathOf,
  }),
  method: fc.option(fc.constantFrom("GET", "POST"), { nil: undefined }),
  headers: pairs(headerName),
  query: pairs(paramName),
});
const queryText = fc
  .array(
    fc.tuple(
      fc.constantFrom("p", "q", "a b", "a%20b", "%70", "%zz", ""),
      fc.constantFrom("=1", "=2", "=one%20two", "=one two", "=", "", "=%"),
    ),
    { maxLength: 4 },
  )
  .map((params) => params.map(([name, text]) => name + text).join("&"));
const callOf: fc.Arbitrary<MatchCall> = fc
  .record({
    method: fc.constantFrom("GET", "POST", "PUT"),
    path: pathOf,
    query: queryText,
    headers: fc.dictionary(headerName, value),
  })
  .map(({ headers, ...rest }) => ({ ...rest, header: (name: string) => headers[name] ?? null }));

const get = (path: string, query = ""): MatchCall => ({
  method: "GET",
  path,
  query,
  header: () => null,
});
const plain = (type: FlatMatch["path"]["type"], text: string): FlatMatch => ({
  path: { type, value: text },
  method: undefined,
  headers: [],
  query: [],
});

describe("matchRule", () => {
  it("agrees with Gateway API's precedence, read literally", () => {
    holds(
      fc.property(fc.array(flatMatch, { maxLength: 12 }), callOf, (matches, call) => {
        expect(matchRule(compileTable(matches), call)).toBe(winnerByText(matches, call));
      }),
    );
  });

  it.each([
    ["/v2", 0],
    ["/v2/", 0],
    ["/v2/x", 0],
    ["/v20", -1],
    ["/v", -1],
    ["/", -1],
  ])("takes a prefix by whole segments: %s", (path, rule) => {
    expect(matchRule(compileTable([plain("PathPrefix", "/v2/")]), get(path))).toBe(rule);
  });

  it("matches regular expressions against the whole text, after exact and before prefix", () => {
    const table = compileTable([
      plain("PathPrefix", "/a/b/c"),
      plain("RegularExpression", "/a/.*"),
      plain("Exact", "/a/x"),
      plain("RegularExpression", "("),
      plain("RegularExpression", "(?i)/upper"),
    ]);
    expect(matchRule(table, get("/a/b/c"))).toBe(1);
    expect(matchRule(table, get("/a/x"))).toBe(2);
    expect(matchRule(table, get("/z/a/b"))).toBe(-1);
    expect(matchRule(table, get("/UPPER"))).toBe(4);
  });

  it("matches header and query patterns whole too", () => {
    const condition = { name: "v", value: "a+", regex: true };
    const table = compileTable([
      { ...plain("PathPrefix", "/h"), headers: [condition] },
      { ...plain("PathPrefix", "/q"), query: [condition] },
    ]);
    expect(matchRule(table, { ...get("/h"), header: () => "aaa" })).toBe(0);
    expect(matchRule(table, { ...get("/h"), header: () => "aab" })).toBe(-1);
    expect(matchRule(table, get("/q", "v=aa"))).toBe(1);
    expect(matchRule(table, get("/q", "v=ba"))).toBe(-1);
  });

  it("takes the first of all rules like any other", () => {
    const table = compileTable([plain("Exact", "/a"), plain("PathPrefix", "/")]);
    expect(matchRule(table, get("/a"))).toBe(0);
    const patterns = compileTable([plain("RegularExpression", "/.*"), plain("PathPrefix", "/")]);
    expect(matchRule(patterns, get("/a"))).toBe(0);
  });

  it("takes a pattern for one only where it is said to be, and no pattern takes what is missing", () => {
    const v = { name: "v", value: "a.c" };
    const missing = { name: "v", value: ".*", regex: true };
    const table = compileTable([
      { ...plain("PathPrefix", "/plain"), headers: [v] },
      { ...plain("PathPrefix", "/missing"), headers: [missing] },
    ]);
    expect(matchRule(table, { ...get("/plain"), header: () => "a.c" })).toBe(0);
    expect(matchRule(table, { ...get("/plain"), header: () => "abc" })).toBe(-1);
    expect(matchRule(table, { ...get("/missing"), header: () => "" })).toBe(1);
    expect(matchRule(table, get("/missing"))).toBe(-1);
  });

  it("takes a dot of a pattern for any character, a line's end too", () => {
    const v = { name: "v", value: "a.c", regex: true };
    const table = compileTable([{ ...plain("PathPrefix", "/"), query: [v] }]);
    expect(matchRule(table, get("/", "v=a%0Ac"))).toBe(0);
  });

  it("finds nothing where a path has no candidates", () => {
    const { rules, regex } = compileTable([]);
    const table = { rules, regex, exact: { "/a": [] }, prefix: { "": [] } };
    expect(matchRule(table, get("/a"))).toBe(-1);
  });

  it("knows no path that the table inherits", () => {
    const table = compileTable([plain("Exact", "/a")]);
    for (const path of ["/constructor", "/__proto__", "/toString"]) {
      expect(matchRule(table, get(path))).toBe(-1);
    }
  });

  it("looks no further into a hostile path than the longest prefix", () => {
    const table = compileTable([plain("PathPrefix", "/a"), plain("PathPrefix", "/")]);
    const path = "/".repeat(1_000_000);
    const begun = performance.now();
    expect(matchRule(table, get(path))).toBe(1);
    expect(performance.now() - begun).toBeLessThan(100);
  });
});

describe("queryValue", () => {
  it.each([
    ["a=1&a=2", "a", "1"],
    ["b=1", "a", null],
    ["", "a", null],
    ["a", "a", ""],
    ["a&b=1", "a", ""],
    ["b&a=1", "a", "1"],
    ["ab=1&a=2", "a", "2"],
    ["%61=1", "a", "1"],
    ["a=%E4%BD%A0", "a", "你"],
    ["a=1+2", "a", "1+2"],
    ["a=%zz", "a", "%zz"],
    ["a=b=c", "a", "b=c"],
    ["%2561=1", "%61", "1"],
    ["%61=1", "%61", null],
    ["&a=1", "a", "1"],
    ["=1&a=2", "a", "2"],
    ["=1", "", "1"],
    ["", "", null],
    ["a=1&", "", null],
    ["a&b=1", "a&b", null],
    ["a=1", "a=1", null],
    ["a=1", "%61", null],
  ])("%s, %s", (query, name, expected) => {
    expect(queryValue(query, name)).toBe(expected);
  });
});

describe("candidateHosts", () => {
  const hosts = ["a.b.example.com", "*.b.example.com", "*.example.com", "example.com", "*"];

  it.each([
    ["a.b.example.com", ["a.b.example.com", "*.b.example.com", "*.example.com", "*"]],
    ["A.B.Example.COM:8080", ["a.b.example.com", "*.b.example.com", "*.example.com", "*"]],
    ["x.y.example.com", ["*.example.com", "*"]],
    ["example.com", ["example.com", "*"]],
    ["badexample.com", ["*"]],
    [".example.com", ["*"]],
    ["*.example.com", ["*.example.com", "*"]],
    ["example.com.", ["*"]],
    ["", ["*"]],
  ])("%s", (host, expected) => {
    expect(candidateHosts(host, hosts)).toEqual(expected);
  });

  it("strips the port and nothing else", () => {
    expect(canonicalHost("[::1]:80")).toBe("[::1]");
    expect(canonicalHost("[::1]")).toBe("[::1]");
    expect(canonicalHost("a.example:")).toBe("a.example");
    expect(canonicalHost("a.example.")).toBe("a.example.");
  });

  it("gives up on a host longer than a name can be", () => {
    const long = (chars: number): string => "a.".repeat(chars).slice(-chars);
    expect(candidateHosts(long(255), ["*"])).toEqual(["*"]);
    expect(candidateHosts(long(256), ["*"])).toEqual([]);
    expect(candidateHosts(`${"a.".repeat(5000)}example.com`, hosts)).toEqual([]);
  });
});
