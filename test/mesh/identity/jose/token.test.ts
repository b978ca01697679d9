import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import {
  newerBundle,
  parseBundle,
  parseSpiffeId,
  verifyToken,
  type TokenRules,
  type TokenVerdict,
} from "../../../../mesh/identity.ts";
import { parseStrictJson } from "../../../../mesh/identity/outward/strict-json.ts";
import { mutated } from "../mutate.ts";
import { INPUTS, randomFrom } from "../../property.ts";

const NOW_S = 1_700_000_000;
const SUBJECT = "spiffe://shop.example/ns/default/sa/front";
const AUDIENCE = "spiffe://shop.example/ns/default/sa/cart";
const CLAIMS = { sub: SUBJECT, aud: [AUDIENCE], iat: NOW_S, exp: NOW_S + 600 };

let sign: (claims: object, header?: object) => Promise<string>;
let rules: TokenRules;

beforeAll(async () => {
  const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
  const key = { ...(await exportJWK(publicKey)), kid: "one", use: "jwt-svid" };
  const bundle = parseBundle({ keys: [key], spiffe_sequence: 3, spiffe_refresh_hint: 60 });
  if (bundle === null) throw new Error("no bundle");
  rules = {
    bundles: new Map([["shop.example", bundle]]),
    audience: AUDIENCE,
    nowS: NOW_S,
  };
  sign = (claims, header = {}) =>
    new SignJWT({ ...claims })
      .setProtectedHeader({ alg: "ES256", kid: "one", ...header })
      .sign(privateKey);
});

const reasonOf = (verdict: TokenVerdict): string => (verdict.ok ? "ok" : verdict.reason);

describe("a workload identity token", () => {
  it("is accepted with its subject", async () => {
    const verdict = await verifyToken(await sign(CLAIMS), rules);
    expect(verdict).toMatchObject({
      ok: true,
      subject: SUBJECT,
      id: { path: "/ns/default/sa/front" },
    });
  });

  it.each<[string, object, object, string]>([
    ["a number for a subject", { sub: 1 }, {}, "sub-type"],
    ["another audience", { aud: `${AUDIENCE}/` }, {}, "aud-mismatch"],
    ["no end", { exp: undefined }, {}, "exp-missing"],
    ["an end as text", { exp: "soon" }, {}, "exp-type"],
    ["an end that has come", { exp: NOW_S - 30 }, {}, "expired"],
    ["a start to come", { nbf: NOW_S + 31 }, {}, "not-yet-valid"],
    ["a start as text", { nbf: "x" }, {}, "nbf-type"],
    ["an address of keys", {}, { jku: "https://attacker.example/" }, "header-not-allowed"],
    ["another type", {}, { typ: "at+jwt" }, "typ"],
    ["a key of nobody", {}, { kid: "two" }, "unknown-key"],
    ["a foreign domain", { sub: "spiffe://other.example/a" }, {}, "unknown-trust-domain"],
    ["dots in its path", { sub: "spiffe://shop.example/a/../b" }, {}, "sub-syntax:dot-segment"],
  ])("with %s is refused", async (_what, claims, header, reason) => {
    const token = await sign({ ...CLAIMS, ...claims }, header);
    expect(reasonOf(await verifyToken(token, rules))).toBe(reason);
  });

  it("that lives too long is refused where a bound is set", async () => {
    const token = await sign(CLAIMS);
    expect(reasonOf(await verifyToken(token, { ...rules, maxLifetimeS: 599 }))).toBe("lifetime");
    expect(reasonOf(await verifyToken(token, { ...rules, maxLifetimeS: 600 }))).toBe("ok");
    const { iat: _, ...silent } = CLAIMS;
    const bare = await sign(silent);
    const leftS = CLAIMS.exp - rules.nowS;
    expect(reasonOf(await verifyToken(bare, { ...rules, maxLifetimeS: leftS - 1 }))).toBe(
      "lifetime",
    );
    expect(reasonOf(await verifyToken(bare, { ...rules, maxLifetimeS: leftS }))).toBe("ok");
  });

  it("that was changed in any place is refused, and nothing is thrown", async () => {
    const random = randomFrom(41);
    const token = await sign(CLAIMS);
    for (let turn = 0; turn < INPUTS; turn++) {
      const changed = mutated(token, random);
      expect(reasonOf(await verifyToken(changed, rules)), changed).not.toBe("ok");
    }
  });
});

describe("a trust bundle", () => {
  it("with an older sequence number does not take a newer one's place", () => {
    const of = (sequence?: number) => {
      const bundle = parseBundle({ keys: [], spiffe_sequence: sequence });
      if (bundle === null) throw new Error("no bundle");
      return bundle;
    };
    const held = of(5);
    expect(newerBundle(held, of(4))).toBe(held);
    const next = of(6);
    expect(newerBundle(held, next)).toBe(next);
    const silent = of();
    expect(newerBundle(held, silent)).toBe(silent);
  });

  it.each([null, 1, "{", "[]", '{"keys":{}}', '{"keys":[],"keys":[]}', { keys: "x" }])(
    "is not read from %j",
    (given) => {
      expect(parseBundle(given)).toBeNull();
    },
  );
});

describe("strict JSON", () => {
  it.each<[string, string | boolean]>([
    ['{"a":1,"b":{"a":2}}', true],
    [String.raw`{"a":"\":\"","b":[{"c":1},{"c":2}]}`, true],
    ['{"a":1,"a":2}', "duplicate-member"],
    [String.raw`{"a":1,"\u0061":2}`, "duplicate-member"],
    ['{"x":[{"a":1,"b":2,"a":3}]}', "duplicate-member"],
    ["{", "malformed"],
    ['{"a":NaN}', "malformed"],
    ["[".repeat(100) + "]".repeat(100), "too-deep"],
  ])("of %s", (text, expected) => {
    const read = parseStrictJson(text);
    expect(read.ok ? true : read.fault).toBe(expected);
  });
});

it("every id that is read is written the same way again", () => {
  const random = randomFrom(42);
  for (let turn = 0; turn < INPUTS; turn++) {
    const text = mutated(SUBJECT, random);
    const read = parseSpiffeId(text);
    if (typeof read !== "string") expect(`spiffe://${read.trustDomain}${read.path}`).toBe(text);
  }
});
