// The parts that policies are judged by: outlines, claims, headers, subjects, entrypoints.
import { describe, expect, it } from "vitest";
import { WORD_CLAIMS, spreadClaims } from "../../../mesh/algorithms/authorize/claims.ts";
import { firstSegment } from "../../../mesh/algorithms/authorize/decide.ts";
import { type Asked, ruleHolds } from "../../../mesh/algorithms/authorize/holds.ts";
import { type Outline, outline } from "../../../mesh/algorithms/authorize/outline.ts";
import { scopeAt } from "../../../mesh/algorithms/authorize/scope-at.ts";
import type {
  DefaultAction,
  PolicyRule,
  PolicyScope,
  PolicyTest,
  RuleSet,
} from "../../../mesh/contract/policy.ts";

const ME = "td/ns/a/sa/x";
const me: PolicyTest = { on: "caller", values: [ME] };
const other: PolicyTest = { on: "caller", values: ["td/ns/b/sa/x"] };
const path: PolicyTest = { on: "path", values: ["/a"] };
const butPath: PolicyTest = { ...path, not: true };

/** Each given list is one group of tests; groups of one place are alternatives. */
const rule = (...groups: readonly (readonly PolicyTest[])[]): PolicyRule => ({
  by: "ns/p",
  all: [groups],
});
const both = (...places: readonly (readonly PolicyTest[])[]): PolicyRule => ({
  by: "ns/p",
  all: places.map((tests) => [tests]),
});
const set = (...rules: readonly PolicyRule[]): RuleSet => ({
  rules,
  index: {},
  rest: rules.map((_, at) => at),
});

describe("what can be said of a caller before it asks", () => {
  it.each<[what: string, scope: PolicyScope | null, byDefault: DefaultAction, said: Outline]>([
    ["no policy", null, "allow-bound", "all"],
    ["no policy, denied by default", null, "deny", "none"],
    ["denied", { deny: set(rule([me])) }, "allow-bound", "none"],
    ["another denied", { deny: set(rule([other])) }, "allow-bound", "all"],
    ["a path denied", { deny: set(rule([path])) }, "allow-bound", "some"],
    ["a path denied to it", { deny: set(rule([me, path])) }, "allow-bound", "some"],
    ["a path denied to another", { deny: set(rule([other, path])) }, "allow-bound", "all"],
    ["denied, or for a path", { deny: set(rule([path], [me])) }, "allow-bound", "none"],
    ["denied, and for a path", { deny: set(both([path], [me])) }, "allow-bound", "some"],
    ["denied after a path", { deny: set(rule([path]), rule([me])) }, "allow-bound", "none"],
    ["a path denied, all by default", { deny: set(rule([path])) }, "deny", "none"],
    ["allowed", { allow: set(rule([me])) }, "deny", "all"],
    ["another allowed", { allow: set(rule([other])) }, "allow-bound", "none"],
    ["nobody allowed", { allow: set() }, "allow-bound", "none"],
    ["a path allowed", { allow: set(rule([me, path])) }, "allow-bound", "some"],
    [
      "allowed a path and denied one",
      { allow: set(rule([path])), deny: set(rule([path])) },
      "deny",
      "some",
    ],
    [
      "allowed and denied a path",
      { allow: set(rule([me])), deny: set(rule([path])) },
      "deny",
      "some",
    ],
    ["allowed and denied", { allow: set(rule([me])), deny: set(rule([me])) }, "deny", "none"],
    ["by namespace", { allow: set(rule([{ on: "namespace", values: ["a"] }])) }, "deny", "all"],
    [
      "by trust domain",
      { allow: set(rule([{ on: "trustDomain", values: ["td"] }])) },
      "deny",
      "all",
    ],
    ["by its way", { allow: set(rule([{ on: "via", values: ["direct"] }])) }, "deny", "all"],
    ["by another way", { allow: set(rule([{ on: "via", values: ["relay"] }])) }, "deny", "none"],
    ["not one of others", { deny: set(rule([{ ...other, not: true }])) }, "deny", "none"],
    ["all paths but one denied", { deny: set(rule([butPath])) }, "allow-bound", "some"],
    ["all paths but one denied to it", { deny: set(rule([me, butPath])) }, "allow-bound", "some"],
  ])("%s", (_what, scope, byDefault, said) => {
    expect(outline(scope, { principal: ME, via: "direct" }, byDefault)).toBe(said);
  });
});

const ASKED: Asked = {
  principal: ME,
  via: "direct",
  rpc: null,
  method: "GET",
  host: "a.test",
  port: "80",
  path: "/a",
  header: () => null,
  claims: null,
};
const holdsFor = (test: PolicyTest, asked: Partial<Asked>, isDeny = false): boolean =>
  ruleHolds(rule([test]), { ...ASKED, ...asked }, isDeny);

describe("claims", () => {
  const groups = (values: readonly string[]): PolicyTest => ({
    on: "claim",
    name: ["org", "groups"],
    values,
  });
  it.each<[claims: unknown, isIn: boolean]>([
    [{ org: { groups: "admin" } }, true],
    [{ org: { groups: ["user", "admin"] } }, true],
    [{ org: { groups: ["user"] } }, false],
    [{ org: { groups: [1, null, { admin: 1 }] } }, false],
    [{ org: { groups: 1 } }, false],
    [{ org: "admin" }, false],
    [{ org: ["admin"] }, false],
    [{ org: null }, false],
    [{ groups: "admin" }, false],
    [null, false],
  ])("%j at a depth", (claims, isIn) => {
    expect(holdsFor(groups(["admin"]), { claims: claims as Asked["claims"] })).toBe(isIn);
    const negated = { ...groups(["admin"]), not: true } as const;
    expect(holdsFor(negated, { claims: claims as Asked["claims"] })).toBe(!isIn);
  });

  it("are those of the token, not what every object has", () => {
    const named = (...name: string[]): PolicyTest => ({ on: "claim", name, values: ["*"] });
    const claims = { groups: { a: "x" } };
    expect(holdsFor(named("constructor", "name"), { claims })).toBe(false);
    expect(holdsFor(named("groups", "a"), { claims })).toBe(true);
    expect(holdsFor(named("groups", "a", "length"), { claims })).toBe(false);
    const all = { on: "claim", values: ["*"] } as const;
    expect(holdsFor(all, { claims })).toBe(false);
  });

  it("that cannot be known count against the caller", () => {
    for (const test of [groups(["admin"]), { on: "requestPrincipal", values: ["*"] } as const]) {
      expect(holdsFor(test, { claims: undefined }, false)).toBe(false);
      expect(holdsFor(test, { claims: undefined }, true)).toBe(true);
    }
  });

  it.each<[claims: Asked["claims"], isUser: boolean]>([
    [{ iss: "i", sub: "s" }, true],
    [{ iss: "i" }, false],
    [{ sub: "s" }, false],
    [{ iss: 1, sub: "s" }, false],
    [{ iss: "i", sub: 1 }, false],
    [null, false],
  ])("%j: a user is an issuer and a subject", (claims, isUser) => {
    expect(holdsFor({ on: "requestPrincipal", values: ["*"] }, { claims })).toBe(isUser);
    expect(holdsFor({ on: "requestPrincipal", values: ["i/s"] }, { claims })).toBe(isUser);
  });

  it("of words are spread at every depth, and no others", () => {
    const spread = spreadClaims(
      { scope: "a b", permission: ["a b"], name: "a b", nested: { scope: "c" }, none: null, n: 1 },
      WORD_CLAIMS,
    );
    expect(spread).toEqual({
      scope: ["a", "b"],
      permission: ["a b"],
      name: "a b",
      nested: { scope: ["c"] },
      none: null,
      n: 1,
    });
    expect(spreadClaims({ permission: "p q" }, WORD_CLAIMS)).toEqual({ permission: ["p", "q"] });
    expect(spreadClaims({ roles: "p q", list: [{ scope: "a b" }] }, ["roles"])).toEqual({
      roles: ["p", "q"],
      list: [{ scope: "a b" }],
    });
  });
});

describe("headers", () => {
  const role = (values: readonly string[], not?: true): PolicyTest => ({
    on: "header",
    name: ["x-role"],
    values,
    ...(not === undefined ? {} : { not }),
  });
  it.each<[test: PolicyTest, given: string | null, allow: boolean, deny: boolean]>([
    [role(["admin"]), "admin", true, true],
    [role(["admin"]), null, false, false],
    [role(["admin"], true), null, true, true],
    [role(["admin"], true), "user", true, true],
    [role(["admin"], true), "admin", false, false],
    // One that is not repeated is read as it stands.
    [role([" admin"]), " admin", true, true],
    // Each part may be what is read, and so may be the whole.
    [role(["admin"]), "admin, user", false, true],
    [role(["admin"]), "user,  admin", false, true],
    [role(["a*"]), "admin, auditor", true, true],
    [role(["admin, user"]), "admin, user", false, true],
    [role(["admin"], true), "admin, user", false, true],
    [role(["admin"], true), "user, guest", true, true],
  ])("%j of %j", (test, given, allow, deny) => {
    const header = (name: string) => (name === "x-role" ? given : "other");
    expect([holdsFor(test, { header }, false), holdsFor(test, { header }, true)]).toEqual([
      allow,
      deny,
    ]);
  });
});

describe("of HTTP and of RPC", () => {
  const ofHttp = ["path", "method", "host", "port"] as const;
  it("what is said of the one never holds for the other", () => {
    for (const on of ofHttp)
      for (const isDeny of [false, true]) {
        expect(holdsFor({ on, values: ["no"], not: true }, { rpc: "P.a" }, isDeny)).toBe(false);
        expect(holdsFor({ on, values: ["no"], not: true }, {}, isDeny)).toBe(true);
      }
    expect(holdsFor({ on: "rpc", values: ["no"], not: true }, {}, true)).toBe(false);
    expect(holdsFor({ on: "rpc", values: ["P.*"] }, { rpc: "P.a" })).toBe(true);
  });

  it("each subject is the request's own", () => {
    const subjects: readonly [PolicyTest["on"], string][] = [
      ["path", "/a"],
      ["method", "GET"],
      ["host", "a.test"],
      ["port", "80"],
      ["destinationPort", "80"],
      ["namespace", "a"],
      ["trustDomain", "td"],
      ["via", "direct"],
    ];
    for (const [on, value] of subjects) {
      expect(holdsFor({ on, values: [value] }, {}), on).toBe(true);
      expect(holdsFor({ on, values: ["x"] }, {}), on).toBe(false);
      expect(holdsFor({ on, values: ["x", value] }, {}), on).toBe(true);
    }
    expect(holdsFor({ on: "namespace", values: ["*"] }, { principal: "" })).toBe(false);
    expect(holdsFor({ on: "trustDomain", values: ["*"] }, { principal: "" })).toBe(false);
  });

  it("the port of an RPC cannot be known, nor an address that nobody told", () => {
    const port: PolicyTest = { on: "destinationPort", values: ["80"] };
    for (const isDeny of [false, true]) {
      expect(holdsFor(port, { rpc: "P.a" }, isDeny)).toBe(isDeny);
      for (const on of ["sourceIp", "remoteIp", "destinationIp"] as const) {
        const test: PolicyTest = { on, values: ["10.0.0.0/8"] };
        expect(holdsFor(test, {}, isDeny)).toBe(isDeny);
        expect(holdsFor(test, { [on]: "10.1.1.1" }, isDeny)).toBe(true);
        expect(holdsFor(test, { [on]: "11.1.1.1" }, isDeny)).toBe(false);
      }
    }
  });
});

it("the first segment of a path ends at the next slash", () => {
  expect(["/", "/a", "/a/", "/a/b", "//a"].map(firstSegment)).toEqual(["", "a", "a", "a", ""]);
});

it("an entrypoint has its own policies, or those of all others, and no inherited ones", () => {
  const [own, rest]: [PolicyScope, PolicyScope] = [{ allow: set() }, { deny: set() }];
  const chunk = { entrypoints: { "": own, "*": rest } };
  expect(scopeAt(chunk, "")).toBe(own);
  expect(scopeAt(chunk, "Admin")).toBe(rest);
  expect(scopeAt(chunk, "constructor")).toBe(rest);
  expect(scopeAt({ entrypoints: { "": own } }, "Admin")).toBeNull();
});
