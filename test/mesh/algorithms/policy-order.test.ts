// Which rule decides: found by what is asked, in force before in shadow.
import { describe, expect, it } from "vitest";
import { decide, decideShadow } from "../../../mesh/algorithms/authorize/decide.ts";
import type { Asked } from "../../../mesh/algorithms/authorize/holds.ts";
import type { PolicyScope, RuleSet } from "../../../mesh/contract/policy.ts";

const HTTP: Asked = {
  principal: "td/ns/a/sa/x",
  via: "direct",
  rpc: null,
  method: "GET",
  host: "a.test",
  port: "80",
  path: "/b/c",
  header: () => null,
  claims: null,
};
const RPC: Asked = { ...HTTP, rpc: "P.charge" };

/** Rules that hold for everybody, named by the keys they are found by. */
const foundBy = (...keys: readonly string[]): RuleSet => ({
  rules: keys.map((by) => ({ by, all: [] })),
  index: Object.fromEntries(keys.map((key, at) => [key, [at]])),
  rest: [],
});
const decider = (deny: RuleSet, asked: Asked): string | null => {
  const { reason, policy } = decide({ deny }, asked, "allow-bound");
  return reason === "denied" ? policy : null;
};

describe("a rule is found", () => {
  it.each([
    ["c:td/ns/a/sa/x", true, true],
    ["c:td/ns/a/sa/y", false, false],
    ["n:a", true, true],
    ["n:b", false, false],
    ["p:/b/c", true, false],
    ["p:/b", false, false],
    ["s:b", true, false],
    ["s:c", false, false],
    ["h:a.test", true, false],
    ["h:b.test", false, false],
    ["r:P.charge", false, true],
    ["r:P.open", false, false],
  ])("by %s: for HTTP %s, for RPC %s", (key, isForHttp, isForRpc) => {
    expect(decider(foundBy(key), HTTP)).toBe(isForHttp ? key : null);
    expect(decider(foundBy(key), RPC)).toBe(isForRpc ? key : null);
  });

  it("whatever is asked where it stands under no key, and first then", () => {
    const set = { ...foundBy("rest", "n:a", "r:P.charge", "p:/b/c"), rest: [0] };
    for (const asked of [HTTP, RPC]) expect(decider(set, asked)).toBe("rest");
  });

  it("by the caller before by what is asked, and by the path before by the host", () => {
    const keys = ["h:a.test", "s:b", "p:/b/c", "n:a", "c:td/ns/a/sa/x"];
    for (let count = keys.length; count > 0; count -= 1)
      expect(decider(foundBy(...keys.slice(0, count)), HTTP)).toBe(keys[count - 1]);
  });

  it("nowhere by a number that is no rule's", () => {
    expect(decider({ rules: [], index: { "n:a": [0] }, rest: [1] }, HTTP)).toBeNull();
  });
});

describe("in shadow", () => {
  const everybody: RuleSet = { ...foundBy("ns/shadow"), rest: [0] };
  const nobody: RuleSet = foundBy();
  const told = (scope: PolicyScope) =>
    decideShadow(scope, HTTP, "allow-bound", decide(scope, HTTP, "allow-bound"));

  it("a rule is asked where none in force holds", () => {
    expect(told({ deny: nobody, shadow: { deny: everybody } })).toEqual({
      reason: "denied",
      policy: "ns/shadow",
    });
    expect(told({ allow: nobody, shadow: { allow: everybody } })).toEqual({
      reason: null,
      policy: "ns/shadow",
    });
  });

  it("what would be decided likewise is not told", () => {
    expect(told({ deny: everybody, shadow: { deny: everybody } })).toBeNull();
    expect(told({ shadow: { allow: everybody } })).toBeNull();
    expect(told({ deny: nobody })).toBeNull();
  });
});
