// Which listener and which table answer, and why a rule wins: each as the Gateway API has it.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { explainMatch } from "../../../mesh/algorithms/match/explain.ts";
import { type CameBy, ruleAtListeners } from "../../../mesh/algorithms/match/listener.ts";
import { type MatchCall, matchRule } from "../../../mesh/algorithms/match/match.ts";
import { routesFor } from "../../../mesh/algorithms/match/routes.ts";
import type { ListenerEntry } from "../../../mesh/contract/gateway.ts";
import type { Candidate, RuleTable } from "../../../mesh/contract/rule.ts";
import { holds } from "../property.ts";

const tableOf = (
  prefix: RuleTable["prefix"],
  rest: Partial<Pick<RuleTable, "exact" | "regex">> = {},
): RuleTable => ({ rules: [], exact: {}, regex: [], prefix, ...rest });
const get: MatchCall = { method: "GET", path: "/a/b", query: "", header: () => null };

describe("a listener", () => {
  const entry = (
    listener: string,
    hostname: string,
    hosts: readonly string[],
    port = 443,
    gateway = "ns/gw",
  ): ListenerEntry => ({ gateway, listener, port, protocol: "HTTPS", hostname, hosts });
  const listeners = [
    entry("exact", "a.test", ["a.test"]),
    entry("wild", "*.test", ["b.test", "*.test"]),
    entry("all", "*", ["*"]),
    entry("plain", "a.test", ["a.test"], 80),
    entry("other", "a.test", ["a.test"], 443, "ns/other"),
  ];
  const table = tableOf({});
  /** Asks of whom in which order; `has` names where there is a rule, `listener hostname`. */
  const ask = (
    host: string,
    came: CameBy | null,
    has: readonly string[] = [],
    known: (asked: string) => boolean = () => true,
  ) => {
    const asked: string[] = [];
    const nameOf = ({ listener }: ListenerEntry, hostname: string) => `${listener} ${hostname}`;
    const found = ruleAtListeners(
      listeners,
      host,
      came,
      (one, hostname) => (known(nameOf(one, hostname)) ? table : null),
      (_, one, hostname) => {
        asked.push(nameOf(one, hostname));
        return has.indexOf(nameOf(one, hostname));
      },
    );
    return { asked, found };
  };
  const by = (listener: string, port = 443, gateway = "ns/gw"): CameBy => ({
    gateway,
    listener,
    port,
  });

  it("that is most specific is asked first; where nothing names one, the next ones too", () => {
    expect(ask("a.test", null).asked).toEqual([
      "exact a.test",
      "plain a.test",
      "other a.test",
      "wild *.test",
      "all *",
    ]);
    expect(ask("b.test", null).asked).toEqual(["wild b.test", "wild *.test", "all *"]);
    expect(ask("a.test", null).found).toBeNull();
    expect(ask("c.example", null, ["all *"])).toEqual({
      asked: ["all *"],
      found: { table, index: 0 },
    });
  });

  it("that has the rule ends the search, and the first rule is one", () => {
    const { asked, found } = ask("b.test", null, ["none", "wild *.test"]);
    expect(asked).toEqual(["wild b.test", "wild *.test"]);
    expect(found).toEqual({ table, index: 1 });
    expect(ask("b.test", null, ["wild b.test"]).found).toEqual({ table, index: 0 });
  });

  it("that the request came in by answers for its hosts alone", () => {
    expect(ask("a.test", by("")).asked).toEqual(["exact a.test"]);
    expect(ask("a.test", by(""), ["wild *.test"]).found).toBeNull();
    expect(ask("a.test", by("wild"), ["wild *.test"])).toEqual({
      asked: ["wild *.test"],
      found: { table, index: 0 },
    });
    expect(ask("a.test", by("", 80)).asked).toEqual(["plain a.test"]);
    expect(ask("a.test", by("", 443, "ns/other")).asked).toEqual(["other a.test"]);
    expect(ask("a.test", by("", 8080)).asked).toEqual([]);
    expect(ask("c.example", by("")).asked).toEqual(["all *"]);
  });

  it("is passed over where a hostname of it has no table", () => {
    const { asked, found } = ask("b.test", null, [], (name) => name !== "wild b.test");
    expect(asked).toEqual(["wild *.test", "all *"]);
    expect(found).toBeNull();
  });
});

describe("the routes of a service", () => {
  const [every, one, consumers, consumersOne] = ["a", "b", "c", "d"].map((path) =>
    tableOf({ [path]: [{ rule: 0 }] }),
  ) as [RuleTable, RuleTable, RuleTable, RuleTable];
  const producer = [
    { port: null, table: every },
    { port: 80, table: one },
  ];
  const consumer = {
    shop: [
      { port: 80, table: consumersOne },
      { port: null, table: consumers },
    ],
    late: [{ port: 81, table: consumersOne }],
  };

  it.each<[source: string, port: number | null, table: RuleTable | null]>([
    ["other/x", 80, one],
    ["other/x", 81, every],
    ["other/x", null, every],
    ["shop/x", 80, consumersOne],
    ["shop/x", 81, consumers],
    ["shop/x", null, consumers],
    ["late/x", 81, consumersOne],
    ["late/x", 80, one],
    ["late/x", null, every],
  ])("for %s and port %s", (source, port, table) => {
    expect(routesFor({ consumer, producer }, source, port)).toBe(table);
  });

  it("are none where none is attached, or only to another port", () => {
    expect(routesFor({ consumer: null, producer: null }, "shop/x", 80)).toBeNull();
    expect(
      routesFor({ consumer: null, producer: [{ port: 80, table: one }] }, "shop/x", 81),
    ).toBeNull();
    expect(
      routesFor({ consumer: null, producer: [{ port: 80, table: one }] }, "shop/x", null),
    ).toBeNull();
    expect(routesFor({ consumer: null, producer }, "shop/x", 80)).toBe(one);
  });
});

describe("the explanation", () => {
  const lacksOf = (candidate: Omit<Candidate, "rule">, call: Partial<MatchCall> = {}) =>
    explainMatch(tableOf({ "/a": [{ rule: 0, ...candidate }] }), { ...get, ...call });

  it.each<[candidate: Omit<Candidate, "rule">, call: Partial<MatchCall>, lacks: string | null]>([
    [{}, {}, null],
    [{ method: "POST" }, {}, "method is GET, not POST"],
    [{ method: "GET" }, {}, null],
    [{ port: 80 }, {}, "port is unknown, not 80"],
    [{ port: 80 }, { port: 81 }, "port is 81, not 80"],
    [{ port: 80 }, { port: 80 }, null],
    [{ from: ["a/x", "a/y"] }, {}, "caller is unknown, not one of a/x, a/y"],
    [{ from: [] }, { source: "a/z" }, "caller is a/z, not one of none"],
    [{ from: ["a/x"] }, { source: "a/x" }, null],
    [{ headers: [{ name: "x-a", value: "1" }] }, {}, "header x-a is missing"],
    [
      { headers: [{ name: "x-a", value: "1" }] },
      { header: (name) => name },
      'header x-a is "x-a", not "1"',
    ],
    [{ headers: [{ name: "x-a", value: "1" }] }, { header: () => "1" }, null],
    [
      { headers: [{ name: "x-a", value: "[0-9]+", regex: true }] },
      { header: () => "b" },
      'header x-a "b" does not match [0-9]+',
    ],
    [{ headers: [{ name: "x-a", value: "[0-9]+", regex: true }] }, { header: () => "12" }, null],
    [{ query: [{ name: "p", value: "1" }] }, {}, "query parameter p is missing"],
    [{ query: [{ name: "p", value: "1" }] }, { query: "p=2" }, 'query parameter p is "2", not "1"'],
    [{ query: [{ name: "p", value: "1" }] }, { query: "p=1" }, null],
  ])("of %j: %j", (candidate, call, lacks) => {
    expect(lacksOf(candidate, call)).toEqual([{ path: "/a/*", rule: 0, lacks }]);
  });

  it("goes from the most specific path to the least, up to the winner", () => {
    const post = { method: "POST" };
    const table = tableOf(
      {
        "/a": [{ rule: 4, ...post }, { rule: 5 }],
        "/a/b": [{ rule: 3, ...post }],
        "/b": [{ rule: 9 }],
        "": [{ rule: 6 }],
      },
      {
        exact: { "/a/b": [{ rule: 1, ...post }], "/a": [{ rule: 8 }] },
        regex: [
          { pattern: "/x.*", candidates: [{ rule: 7 }] },
          { pattern: "/a.*", candidates: [{ rule: 2, ...post }] },
        ],
      },
    );
    const seen = (call: MatchCall) =>
      explainMatch(table, call).map(({ path, rule }) => [path, rule]);
    const before = [
      ["= /a/b", 1],
      ["~ /a.*", 2],
      ["/a/b/*", 3],
      ["/a/*", 4],
    ];
    expect(seen(get)).toEqual([...before, ["/a/*", 5]]);
    expect(seen({ ...get, ...post })).toEqual([["= /a/b", 1]]);
    expect(seen({ ...get, path: "/c" })).toEqual([["/*", 6]]);
  });

  it("ends with what is decided, whatever the table", () => {
    const candidate = fc.record({
      method: fc.constantFrom(undefined, "GET", "POST"),
      port: fc.constantFrom(undefined, 80, 81),
      from: fc.constantFrom(undefined, ["a/x"], ["a/y", "a/z"]),
    });
    const lists = fc.dictionary(
      fc.constantFrom("", "/a", "/a/b", "/a/b/c"),
      fc.array(candidate, { minLength: 1, maxLength: 12 }),
    );
    holds(
      fc.property(lists, fc.constantFrom("/", "/a", "/a/b", "/ab"), (given, path) => {
        let rule = 0;
        const prefix = Object.fromEntries(
          Object.entries(given).map(([at, list]) => [
            at,
            list.map((one) => JSON.parse(JSON.stringify({ ...one, rule: rule++ })) as Candidate),
          ]),
        );
        const table = tableOf(prefix);
        const call = { ...get, path, port: 80, source: "a/x" };
        const winner = matchRule(table, call);
        const considered = explainMatch(table, call);
        expect(
          considered.slice(0, winner < 0 ? undefined : -1).map(({ lacks }) => lacks),
        ).not.toContain(null);
        if (winner >= 0) expect(considered.at(-1)).toMatchObject({ rule: winner, lacks: null });
      }),
      0.1,
    );
  });
});
