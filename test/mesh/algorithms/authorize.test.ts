// Policies: the indexed evaluator says what the documents say, for random policies and requests.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toScope } from "../../../control/compile/policies.ts";
import type { Known } from "../../../control/compile/inventory.ts";
import { decide, decideShadow } from "../../../mesh/algorithms/authorize/decide.ts";
import type { Asked } from "../../../mesh/algorithms/authorize/holds.ts";
import { outline } from "../../../mesh/algorithms/authorize/outline.ts";
import {
  type AuthorizationPolicySpec,
  authorizationPolicySpecSchema,
} from "../../../mesh/contract/resources/authorization-policy.ts";
import { holds } from "../property.ts";
import { allowedByText } from "./authorize-oracle.ts";

const some = <T>(...values: readonly T[]) =>
  fc.option(fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 3 }), {
    nil: undefined,
  });
const withoutEmpty = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, list]) => list !== undefined)) as T;
const isSaid = (value: object): boolean => Object.keys(value).length > 0;

const PRINCIPALS = ["a/x", "a/*", "td/ns/b/sa/x", "*/ns/a/sa/y", "*", "other/ns/a/sa/x"];
const PATHS = ["/", "/a", "/a/b", "/a*", "/a/*", "*/b", "/{**}/b", "/b/{**}", "*"];
const RPC = ["P.charge", "P.open", "P.open().charge", "P.open().*", "default.x", "*"];
const source = fc
  .record({
    principals: some(...PRINCIPALS),
    notPrincipals: some(...PRINCIPALS),
    namespaces: some("a", "b", "a*"),
    notTrustDomains: some("td", "o*"),
  })
  .map(withoutEmpty)
  .filter(isSaid);
const http = fc
  .record({
    methods: some("GET", "POST", "*"),
    hosts: some("a.test", "*.test", "b.*"),
    notHosts: some("a.test"),
    paths: some(...PATHS),
    notPaths: some(...PATHS),
  })
  .map(withoutEmpty)
  .filter(isSaid);
const rpc = fc
  .record({ rpc: some(...RPC), notRpc: some(...RPC) })
  .map(withoutEmpty)
  .filter(isSaid);
const condition = fc.oneof(
  fc.record({ key: fc.constant("request.headers[x-a]"), values: fc.constant(["1", "2*"]) }),
  fc.record({ key: fc.constant("request.headers[x-a]"), notValues: fc.constant(["1"]) }),
  fc.record({ key: fc.constant("remote.ip"), values: fc.constant(["10.0.0.1"]) }),
  fc.record({ key: fc.constant("remote.ip"), notValues: fc.constant(["10.0.0.1"]) }),
  fc.record({ key: fc.constant("source.via"), values: fc.constant(["relay"]) }),
);
const list = <T>(one: fc.Arbitrary<T>) =>
  fc.option(fc.array(one, { minLength: 1, maxLength: 3 }), { nil: undefined });
const rule = fc
  .record({ from: list(source), to: list(fc.oneof(http, rpc)), when: list(condition) })
  .map(withoutEmpty);
const policy = fc
  .record({
    action: fc.constantFrom("ALLOW", "DENY"),
    mode: fc.constantFrom("enforce", "enforce", "enforce", "shadow"),
    rules: fc.array(rule, { maxLength: 4 }),
  })
  // What zod makes of the document; asked of it for one, not for each of many thousand.
  .map((spec) => spec as AuthorizationPolicySpec);
const asked: fc.Arbitrary<Asked> = fc.record({
  principal: fc.constantFrom("", "td/ns/a/sa/x", "td/ns/b/sa/x", "td/ns/a/sa/y", "other/ns/a/sa/x"),
  via: fc.constantFrom("direct", "relay"),
  rpc: fc.constantFrom(null, null, "P.charge", "P.open", "P.open().charge", "default.x", "P.y"),
  method: fc.constantFrom("GET", "POST"),
  host: fc.constantFrom("a.test", "b.test", "b.example"),
  port: fc.constant("80"),
  path: fc.constantFrom("/", "/a", "/a/b", "/ab", "/b", "/b/", "/b/c", "/c/b"),
  header: fc.constantFrom(undefined, ...[null, "1", "2x", "3"].map((value) => () => value)),
  claims: fc.constant(undefined),
  remoteIp: fc.constantFrom(undefined, "10.0.0.1", "10.0.0.2"),
});
const action = fc.constantFrom("allow-bound" as const, "deny" as const);

const known = (specs: readonly AuthorizationPolicySpec[]): Known<AuthorizationPolicySpec>[] =>
  specs.map((spec, at) => ({ id: `ns/p${at}`, namespace: "ns", spec, stored: NOT_READ }));
const NOT_READ = {} as Known<unknown>["stored"];
const isAllowed = (
  specs: readonly AuthorizationPolicySpec[],
  request: Asked,
  defaultAction: "allow-bound" | "deny",
): boolean =>
  decide(
    specs.length === 0 ? null : toScope(known(specs), "td"),
    { ...request, header: request.rpc === null ? (request.header ?? (() => null)) : undefined },
    defaultAction,
  ).reason === null;
const policies = fc.array(policy, { maxLength: 5 });
const read = (request: Asked): Asked => ({
  ...request,
  header: request.rpc === null ? (request.header ?? (() => null)) : undefined,
});

describe("authorization policies", () => {
  it("are such as the schema takes", () =>
    holds(
      fc.property(policy, (spec) => {
        expect(authorizationPolicySpecSchema.parse(spec)).toEqual(spec);
      }),
      0.02,
    ));

  it("are judged as they read", () =>
    holds(
      fc.property(policies, asked, action, (specs, request, byDefault) => {
        expect(isAllowed(specs, request, byDefault)).toBe(
          allowedByText(specs, read(request), byDefault),
        );
      }),
    ));

  it("allow no more with one DENY more, and no more with one ALLOW rule less", () =>
    holds(
      fc.property(policies, policy, asked, action, (specs, more, request, byDefault) => {
        const before = isAllowed(specs, request, byDefault);
        const denying = { ...more, action: "DENY" as const };
        if (!before) expect(isAllowed([...specs, denying], request, byDefault)).toBe(false);
        const fewer = specs.map((one) =>
          one.action === "ALLOW" ? { ...one, rules: one.rules.slice(1) } : one,
        );
        if (!before) expect(isAllowed(fewer, request, byDefault)).toBe(false);
      }),
      0.4,
    ));

  it("do not depend on their order, nor on that of their rules", () =>
    holds(
      fc.property(policies, asked, action, (specs, request, byDefault) => {
        const turned = specs.toReversed().map((one) => ({ ...one, rules: one.rules.toReversed() }));
        expect(isAllowed(turned, request, byDefault)).toBe(isAllowed(specs, request, byDefault));
      }),
      0.4,
    ));

  it("are told apart: the one that decided is named, and decides so alone", () =>
    holds(
      fc.property(policies, asked, action, (specs, given, byDefault) => {
        const request = read(given);
        const all = known(specs);
        const { reason, policy: named } = decide(toScope(all, "td"), request, byDefault);
        const decider = all.filter(({ id }) => id === named);
        const isSelected = all.some(
          ({ spec }) => spec.mode === "enforce" && spec.action === "ALLOW",
        );
        if (reason === "denied" || (reason === null && isSelected)) {
          const alone = decide(toScope(decider, "td"), request, "deny");
          expect(alone).toEqual({ reason, policy: named });
        } else {
          expect(named).toBe("");
          const bare = byDefault === "deny" ? "default_deny" : null;
          expect(reason).toBe(isSelected ? "not_allowed" : bare);
        }
      }),
      0.2,
    ));

  it("in shadow say what would change were they enforced, and only that", () =>
    holds(
      fc.property(policies, asked, action, (specs, given, byDefault) => {
        const request = read(given);
        const scope = toScope(known(specs), "td");
        const told = decideShadow(scope, request, byDefault, decide(scope, request, byDefault));
        const enforced = specs.map((one) => ({ ...one, mode: "enforce" as const }));
        const now = isAllowed(specs, request, byDefault);
        const then = isAllowed(enforced, request, byDefault);
        // Nothing is selected by no policy, and the default holds for both.
        expect(told === null).toBe(now === then);
        if (told !== null) expect(told.reason === null).toBe(then);
      }),
      0.3,
    ));

  it("are outlined for a caller: all that it asks is allowed, or none of it, or it hangs on what", () =>
    holds(
      fc.property(policies, asked, action, (specs, given, byDefault) => {
        const request = read(given);
        const said = outline(
          specs.length === 0 ? null : toScope(known(specs), "td"),
          request,
          byDefault,
        );
        if (said !== "some") expect(isAllowed(specs, request, byDefault)).toBe(said === "all");
      }),
      0.3,
    ));

  it("do nothing in shadow", () =>
    holds(
      fc.property(policies, asked, action, (specs, request, byDefault) => {
        const enforced = specs.filter(({ mode }) => mode === "enforce");
        expect(isAllowed(specs, request, byDefault)).toBe(isAllowed(enforced, request, byDefault));
      }),
      0.2,
    ));
});
