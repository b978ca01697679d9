// Istio's AuthorizationPolicies as ours; what has no counterpart is left out in the way that denies more.
import { describe, expect, it } from "vitest";
import { translateIstio } from "../../../cli/import/istio/translate.ts";

/** Spec of the policy that stands for an Istio one, and what was told of it. */
function imported(spec: object, metadata: object = {}) {
  const value = {
    apiVersion: "security.istio.io/v1",
    kind: "AuthorizationPolicy",
    metadata: { name: "p", namespace: "shop", ...metadata },
    spec,
  };
  const { items, remarks } = translateIstio([{ value, where: () => "p.yaml" }], {
    port: 80,
    expires: "2030-01-01T00:00:00Z",
  });
  return { spec: items[0]?.spec, told: remarks.map(({ field }) => field) };
}
const rulesOf = (action: string, ...rules: readonly object[]) => {
  const { spec, told } = imported({ action, rules });
  return { rules: spec?.["rules"], told };
};
const from = (source: object) => ({ from: [{ source }] });
const to = (operation: object) => ({ to: [{ operation }] });

describe("principals", () => {
  it.each([
    ["cluster.local/ns/pay/sa/a", "pay/a"],
    ["spiffe://cluster.local/ns/pay/sa/a", "pay/a"],
    ["cluster.local/ns/pay/*", "pay/*"],
    ["*/ns/pay/sa/a", "*/ns/pay/sa/a"],
    ["other.test/ns/pay/sa/a", "other.test/ns/pay/sa/a"],
    ["*", "*"],
  ])("%s", (given, ours) => {
    expect(rulesOf("ALLOW", from({ principals: [given] }))).toEqual({
      rules: [{ from: [{ principals: [ours] }] }],
      told: [],
    });
  });
});

it("what cannot be said never allows more", () => {
  const half = { principals: ["cluster.local/ns/pay*"] };
  const field = "spec.rules[0].from[0].source.principals";
  expect(rulesOf("ALLOW", from(half))).toEqual({ rules: [], told: [field] });
  expect(rulesOf("DENY", from(half))).toEqual({ rules: [{}], told: [field] });
  const not = { notPrincipals: ["cluster.local/ns/pay*"] };
  expect(rulesOf("ALLOW", from(not)).rules).toEqual([]);
  expect(rulesOf("DENY", from(not)).rules).toEqual([{}]);
  const when = { when: [{ key: "connection.sni", values: ["a.test"] }] };
  expect(rulesOf("ALLOW", when).rules).toEqual([]);
  expect(rulesOf("DENY", when).rules).toEqual([{}]);
});

it("a host with a port is one without where that allows no more, and is told", () => {
  const [hosts, notHosts] = [{ hosts: ["a.test:8080"] }, { notHosts: ["a.test:*"] }];
  const told = (name: string) => [`spec.rules[0].to[0].operation.${name}`];
  expect(rulesOf("DENY", to(hosts))).toEqual({
    rules: [{ to: [{ hosts: ["a.test"] }] }],
    told: told("hosts"),
  });
  expect(rulesOf("ALLOW", to(notHosts))).toEqual({
    rules: [{ to: [{ notHosts: ["a.test"] }] }],
    told: told("notHosts"),
  });
  expect(rulesOf("ALLOW", to(hosts))).toEqual({ rules: [], told: told("hosts") });
  expect(rulesOf("DENY", to(notHosts))).toEqual({ rules: [{}], told: told("notHosts") });
});

it("a service account in a condition is its principal in any trust domain", () => {
  const when = (value: string) => ({ when: [{ key: "source.serviceAccount", values: [value] }] });
  const ours = (value: string) => ({ when: [{ key: "source.principal", values: [value] }] });
  expect(rulesOf("ALLOW", when("pay/a"))).toEqual({ rules: [ours("*/ns/pay/sa/a")], told: [] });
  expect(rulesOf("DENY", when("a")).rules).toEqual([ours("*/ns/shop/sa/a")]);
});

it("what matches nobody is left out", () => {
  expect(rulesOf("ALLOW", from({ principals: ["nobody"] }))).toEqual({ rules: [], told: [] });
  expect(rulesOf("ALLOW", from({ notPrincipals: ["nobody"] }))).toEqual({ rules: [{}], told: [] });
  expect(rulesOf("DENY", to({ methods: ["get"] })).rules).toEqual([]);
});

it("keeps operations, places and dry runs", () => {
  const operation = { hosts: ["*.a.test"], paths: ["/x/{*}/{**}"], notMethods: ["GET"] };
  const selector = { matchLabels: { app: "cart" } };
  expect(imported({ selector, rules: [to(operation)] }).spec).toEqual({
    selector,
    action: "ALLOW",
    rules: [{ to: [operation] }],
  });
  const annotations = { "istio.io/dry-run": "true" };
  const made = imported({ action: "DENY" }, { namespace: "istio-system", annotations }).spec;
  expect(made).toEqual({ scope: "mesh", action: "DENY", mode: "shadow", rules: [] });
  expect(imported({ action: "CUSTOM", rules: [{}] })).toEqual({
    spec: undefined,
    told: ["spec.action"],
  });
});
