// What is made of a table at its first use, and is not made again however often it is asked.
import { expect, it } from "vitest";
import { firstHost } from "../../../mesh/algorithms/match/host.ts";
import { indexOf, isPatternMatch } from "../../../mesh/algorithms/match/index-table.ts";
import { type CameBy, ruleAtListeners } from "../../../mesh/algorithms/match/listener.ts";
import type { ListenerEntry } from "../../../mesh/contract/gateway.ts";
import type { RuleTable } from "../../../mesh/contract/rule.ts";

/** The list, which counts how often it is gone through. */
function counted<T>(items: readonly T[]): { readonly list: readonly T[]; walks: () => number } {
  let walks = 0;
  const list = [...items];
  list[Symbol.iterator] = () => {
    walks += 1;
    return items[Symbol.iterator]();
  };
  return { list, walks: () => walks };
}

it("the index of a table, in which a rule that takes every call of a path stands by itself", () => {
  const conditional = [{ rule: 1, method: "GET" }, { rule: 2 }];
  const table: RuleTable = {
    rules: [],
    exact: {},
    regex: [],
    prefix: { "/open": [{ rule: 7 }, { rule: 8 }], "/asks": conditional, "/none": [] },
  };
  const index = indexOf(table);
  expect(indexOf(table)).toBe(index);
  expect(index.exact).toBeNull();
  expect(index.maxPrefix).toBe(5);
  expect(index.prefix.get("/open")).toBe(7);
  expect(index.prefix.get("/asks")).toEqual({ list: conditional, lookup: null });
  expect(index.prefix.get("/none")).toEqual({ list: [], lookup: null });
  expect(indexOf({ ...table, exact: { "/a": [{ rule: 3 }] } }).exact?.get("/a")).toBe(3);
});

it("the patterns of a table, those too that do not compile", () => {
  const index = indexOf({ rules: [], exact: {}, regex: [], prefix: {} });
  expect(isPatternMatch(index, "a+", "aa")).toBe(true);
  expect(isPatternMatch(index, "(", "(")).toBe(false);
  const compiled = index.patterns?.get("a+");
  expect(compiled).toBeInstanceOf(RegExp);
  expect(index.patterns?.get("(")).toBeNull();
  expect(isPatternMatch(index, "a+", "b")).toBe(false);
  expect(index.patterns?.get("a+")).toBe(compiled);
});

it("the set of a list of hosts", () => {
  const { list, walks } = counted(["a.test", "*"]);
  for (const host of ["a.test", "b.test", "a.test"])
    expect(firstHost(host, list, (found) => found)).toBe(host === "a.test" ? host : "*");
  expect(walks()).toBe(1);
});

it("the listeners by hostname, for each way in", () => {
  const entry: ListenerEntry = {
    gateway: "ns/gw",
    listener: "web",
    port: 443,
    protocol: "HTTPS",
    hostname: "*",
    hosts: ["*"],
  };
  const { list, walks } = counted([entry, { ...entry, port: 80 }]);
  const askedBy = (came: CameBy | null): number[] => {
    const ports: number[] = [];
    ruleAtListeners(
      list,
      "a.test",
      came,
      () => ({ rules: [], exact: {}, regex: [], prefix: {} }),
      (_table, { port }) => {
        ports.push(port);
        return -1;
      },
    );
    return ports;
  };
  const by = (port: number): CameBy => ({ gateway: "ns/gw", listener: "web", port });
  for (let time = 0; time < 3; time += 1)
    expect([askedBy(null), askedBy(by(443)), askedBy(by(80))]).toEqual([[443, 80], [443], [80]]);
  expect(walks()).toBe(3);
});
