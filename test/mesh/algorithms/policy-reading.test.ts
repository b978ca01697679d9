// How policies read what could be read in two ways: repeated headers, names that begin alike, what is unknown.
import { describe, expect, it } from "vitest";
import { toScope } from "../../../control/compile/policies.ts";
import type { Known } from "../../../control/compile/inventory.ts";
import { decide } from "../../../mesh/algorithms/authorize/decide.ts";
import type { Asked } from "../../../mesh/algorithms/authorize/holds.ts";
import { liesIn } from "../../../mesh/algorithms/authorize/ip.ts";
import {
  type AuthorizationPolicySpec,
  authorizationPolicySpecSchema,
} from "../../../mesh/contract/resources/authorization-policy.ts";

const ASKED: Asked = {
  principal: "td/ns/pay/sa/a",
  via: "direct",
  rpc: null,
  method: "GET",
  host: "a.test",
  port: "80",
  path: "/",
  header: () => null,
  claims: undefined,
};

function allows(action: "ALLOW" | "DENY", rule: object, asked: Partial<Asked> = {}): boolean {
  const spec = authorizationPolicySpecSchema.parse({ action, rules: [rule] });
  const stored = {} as Known<unknown>["stored"];
  const known: Known<AuthorizationPolicySpec> = { id: "ns/p", namespace: "ns", spec, stored };
  return decide(toScope([known], "td"), { ...ASKED, ...asked }, "allow-bound").reason === null;
}

describe("repeated headers", () => {
  const isAdmin = { when: [{ key: "request.headers[X-Role]", values: ["admin"] }] };
  const isNoGuest = { when: [{ key: "request.headers[x-role]", notValues: ["guest"] }] };
  it.each(["user, admin", "admin, user", "admin,user"])("%s", (joined) => {
    const header = () => joined;
    expect(allows("ALLOW", isAdmin, { header })).toBe(false);
    expect(allows("DENY", isAdmin, { header })).toBe(false);
  });
  it("of which one is refused by name", () => {
    expect(allows("ALLOW", isNoGuest, { header: () => "user, guest" })).toBe(false);
    expect(allows("ALLOW", isNoGuest, { header: () => "user, admin" })).toBe(true);
  });
});

it("a header without a value is there", () => {
  const isThere = { when: [{ key: "request.headers[x-a]", values: ["*"] }] };
  for (const [header, isHeld] of [
    [() => "", true],
    [() => "1", true],
    [() => null, false],
  ] as const) {
    expect(allows("ALLOW", isThere, { header })).toBe(isHeld);
    expect(allows("DENY", isThere, { header })).toBe(!isHeld);
  }
});

it.each([
  [{ paths: ["*.html"] }, { path: "/a/b.html" }, { path: "/b.htm" }],
  [{ methods: ["P*"] }, { method: "PUT" }, { method: "GET" }],
  [{ methods: ["*T"] }, { method: "POST" }, { method: "PATCH" }],
  [{ hosts: ["[::1]"] }, { host: "[::1]" }, { host: "[::2]" }],
])("%j takes %j and not %j", (operation, taken, left) => {
  expect(allows("ALLOW", { to: [operation] }, taken)).toBe(true);
  expect(allows("ALLOW", { to: [operation] }, left)).toBe(false);
});

it.each([
  { hosts: ["a.test:8080"] },
  { hosts: ["a.test:*"] },
  { hosts: ["[::1]:80"] },
  { notHosts: ["a.test:1"] },
  { methods: ["P*T"] },
  { paths: ["*a*"] },
  { paths: ["a"] },
])("%j could never match and is an error", (operation) => {
  const rules = [{ to: [operation] }];
  expect(authorizationPolicySpecSchema.safeParse({ rules }).success).toBe(false);
});

it.each([
  ["td/ns/payroll/sa/a", false],
  ["td/ns/pay/sa/ab", false],
  ["other/ns/pay/sa/a", false],
  ["td/ns/pay/sa/a/x", false],
  ["td/ns/pay/sa/a", true],
])("of pay/a: %s", (principal, isAllowed) => {
  expect(allows("ALLOW", { from: [{ principals: ["pay/a"] }] }, { principal })).toBe(isAllowed);
});

it.each(["pay*", "pay/a*", "pay/*a", "pay/a?", ".*/a", "pay//a"])("%s is no principal", (given) => {
  const rules = [{ from: [{ principals: [given] }] }];
  expect(authorizationPolicySpecSchema.safeParse({ rules }).success).toBe(false);
});

describe("what is unknown", () => {
  const fromHere = { from: [{ remoteIpBlocks: ["10.0.0.0/8"] }] };
  const notFromHere = { from: [{ notRemoteIpBlocks: ["10.0.0.0/8"] }] };
  it.each([fromHere, notFromHere])("counts against the caller: %j", (rule) => {
    expect(allows("ALLOW", rule)).toBe(false);
    expect(allows("DENY", rule)).toBe(false);
  });
  it("is no claim of somebody who sent no token", () => {
    const rule = { from: [{ notRequestPrincipals: ["issuer/a"] }] };
    expect(allows("ALLOW", rule, { claims: null })).toBe(true);
    expect(allows("ALLOW", rule, { claims: { iss: "issuer", sub: "a" } })).toBe(false);
  });
});

it("an operation of HTTP is no RPC, and the other way round", () => {
  const rpc = { rpc: "P.charge", method: "", host: "", path: "", header: undefined };
  expect(allows("DENY", { to: [{ paths: ["/admin*"] }] }, rpc)).toBe(true);
  expect(allows("ALLOW", { to: [{ notPaths: ["/admin*"] }] }, rpc)).toBe(false);
  expect(allows("DENY", { to: [{ rpc: ["*"] }] })).toBe(true);
  const mixed = [{ to: [{ rpc: ["P.a"], methods: ["GET"] }] }];
  expect(authorizationPolicySpecSchema.safeParse({ rules: mixed }).success).toBe(false);
});

it.each([
  ["10.1.2.3", "10.0.0.0/8", true],
  ["11.1.2.3", "10.0.0.0/8", false],
  ["10.1.2.3", "10.1.2.3", true],
  ["::ffff:10.1.2.3", "10.0.0.0/8", true],
  ["2001:db8::1", "2001:db8::/32", true],
  ["2001:db9::1", "2001:db8::/32", false],
  ["10.1.2", "10.0.0.0/8", false],
  ["010.1.2.3", "10.0.0.0/8", false],
  ["10.1.2.3", "10.0.0.0/33", false],
  ["1::2::3", "::/0", false],
])("%s in %s: %s", (address, block, isIn) => expect(liesIn(address, block)).toBe(isIn));
