// What SPIFFE and RFC 8725 demand of whoever verifies, one test per demand; docs/spiffe.md says which is which.
import { base64url, exportJWK, generateKeyPair, SignJWT, type JWK } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import {
  bearerOf,
  parseBundle,
  parseSpiffeId,
  verifyToken,
  type TokenRules,
  type TrustBundle,
} from "../../../../mesh/identity.ts";

const NOW_S = 1_700_000_000;
const AUDIENCE = "spiffe://shop.example/ns/default/sa/cart";
const SUBJECT = "spiffe://shop.example/ns/default/sa/front";

let own: { privateKey: CryptoKey; jwk: JWK };
let foreign: { privateKey: CryptoKey; jwk: JWK };
beforeAll(async () => {
  const make = async (kid: string) => {
    const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
    return { privateKey, jwk: { ...(await exportJWK(publicKey)), kid, use: "jwt-svid" } };
  };
  [own, foreign] = await Promise.all([make("own"), make("foreign")]);
});

const bundleOf = (...keys: readonly object[]): TrustBundle => {
  const bundle = parseBundle({ keys });
  if (bundle === null) throw new Error("no bundle");
  return bundle;
};
const tokenOf = (claims: object = {}, header: object = {}, key = own.privateKey): Promise<string> =>
  new SignJWT({ sub: SUBJECT, aud: AUDIENCE, exp: NOW_S + 60, ...claims })
    .setProtectedHeader({ alg: "ES256", kid: "own", ...header })
    .sign(key);

async function judged(token: string, bundles?: TokenRules["bundles"]): Promise<string> {
  const verdict = await verifyToken(token, {
    bundles:
      bundles ??
      new Map([
        ["shop.example", bundleOf(own.jwk)],
        ["other.example", bundleOf(foreign.jwk)],
      ]),
    nowS: NOW_S,
    audience: AUDIENCE,
  });
  return verdict.ok ? "good" : verdict.reason;
}

/** A token with a header of one's own and the signature of another. */
async function withHeader(header: object): Promise<string> {
  const [, payload, signature] = (await tokenOf()).split(".");
  return `${base64url.encode(JSON.stringify(header))}.${payload}.${signature}`;
}

describe("a token", () => {
  it("is good as it is issued, and with typ JWT or JOSE", async () => {
    expect(await judged(await tokenOf())).toBe("good");
    for (const typ of ["JWT", "JOSE"])
      expect(await judged(await tokenOf({}, { typ }))).toBe("good");
  });

  it("that is encrypted, or in a JSON serialization, is none", async () => {
    const token = await tokenOf();
    const [header, payload, signature] = token.split(".");
    for (const text of [`${token}.x.y`, JSON.stringify({ protected: header, payload, signature })])
      expect(await judged(text)).toBe("malformed");
  });

  it("of another algorithm is refused before its signature is looked at", async () => {
    for (const alg of ["none", "HS256", "EdDSA", "es256", "ES256K"])
      expect(await judged(await withHeader({ alg, kid: "own" }))).toBe("alg-not-allowed");
    expect(await judged(await withHeader({ kid: "own" }))).toBe("alg-missing");
  });

  it("of an algorithm that its key is not for is refused", async () => {
    expect(await judged(await withHeader({ alg: "RS256", kid: "own" }))).toBe("alg-key-mismatch");
    expect(await judged(await withHeader({ alg: "ES384", kid: "own" }))).toBe("alg-key-mismatch");
    const bundles = new Map([["shop.example", bundleOf({ ...own.jwk, alg: "ES384" })]]);
    expect(await judged(await tokenOf(), bundles)).toBe("alg-key-mismatch");
  });

  it("without kid is refused: two keys may be good", async () => {
    expect(await judged(await tokenOf({}, { kid: undefined }))).toBe("kid-missing");
  });

  it("with a key or an address in its header is refused, and nothing is fetched", async () => {
    for (const header of [
      { jku: "https://x.example/" },
      { x5u: "https://x.example/" },
      { jwk: own.jwk },
      { x5c: ["x"] },
    ])
      expect(await judged(await tokenOf({}, header))).toBe("header-not-allowed");
  });

  it("with a kid that is a path or a query means no key", async () => {
    for (const kid of ["../own", "own' OR 1=1", "own\u0000", "__proto__"])
      expect(await judged(await tokenOf({}, { kid }))).toBe("unknown-key");
  });

  it("for nobody or for somebody else is refused; for us among others it is good", async () => {
    expect(await judged(await tokenOf({ aud: undefined }))).toBe("aud-missing");
    expect(await judged(await tokenOf({ aud: [] }))).toBe("aud-mismatch");
    expect(await judged(await tokenOf({ aud: ["spiffe://x.example/y"] }))).toBe("aud-mismatch");
    expect(await judged(await tokenOf({ aud: [AUDIENCE, "x"] }))).toBe("good");
  });

  it("without an end, or past it, is refused", async () => {
    expect(await judged(await tokenOf({ exp: undefined }))).toBe("exp-missing");
    expect(await judged(await tokenOf({ exp: NOW_S - 30 }))).toBe("expired");
  });

  it("with a time that is no number is refused, null too: only what is left out says nothing", async () => {
    for (const wrong of [null, "1700000000", true, []]) {
      expect(await judged(await tokenOf({ exp: wrong }))).toBe("exp-type");
      expect(await judged(await tokenOf({ nbf: wrong }))).toBe("nbf-type");
      expect(await judged(await tokenOf({ iat: wrong }))).toBe("iat-type");
    }
  });

  it("of another type is none of ours", async () => {
    for (const typ of ["at+jwt", "wit+jwt", "jwt"])
      expect(await judged(await tokenOf({}, { typ }))).toBe("typ");
  });

  it("speaks for the trust domain of its key only", async () => {
    const other = "spiffe://other.example/a";
    expect(await judged(await tokenOf({ sub: other }))).toBe("key-of-other-trust-domain");
    expect(await judged(await tokenOf({}, { kid: "foreign" }, foreign.privateKey))).toBe(
      "key-of-other-trust-domain",
    );
    expect(
      await judged(await tokenOf({ sub: other }, { kid: "foreign" }, foreign.privateKey)),
    ).toBe("good");
  });

  it("has its subject in what is signed", async () => {
    const [header, , signature] = (await tokenOf()).split(".");
    const claims = { sub: AUDIENCE, aud: AUDIENCE, exp: NOW_S + 60 };
    const changed = `${header}.${base64url.encode(JSON.stringify(claims))}.${signature}`;
    expect(await judged(changed)).toBe("bad-signature");
  });

  it("travels as one Authorization header of scheme Bearer", () => {
    expect(bearerOf(["Bearer abc"])).toEqual({ token: "abc" });
    expect(bearerOf([" bearer abc "])).toEqual({ token: "abc" });
    expect(bearerOf(["Basic abc"])).toEqual({ fault: "scheme" });
    for (const none of ["", " ", "Bearer", "Bearer "])
      expect(bearerOf([none])).toEqual({ fault: "token-missing" });
    expect(bearerOf(["Bearer a", "Bearer b"])).toEqual({ fault: "duplicate-header" });
  });
});

describe("a bundle", () => {
  it("gives keys of use jwt-svid only: none without use, none of another", async () => {
    for (const use of [undefined, "x509-svid", "wit-svid", "sig"]) {
      const bundles = new Map([["shop.example", bundleOf({ ...own.jwk, use })]]);
      expect(await judged(await tokenOf(), bundles)).toBe("key-use");
    }
  });

  it("without a key, of the use or at all, lets nothing verify", async () => {
    expect(await judged(await tokenOf(), new Map([["shop.example", bundleOf()]]))).toBe(
      "unknown-key",
    );
  });

  it("may hold keys of unknown types and members, which are passed over", async () => {
    const more = [{ kty: "XYZ", kid: "x", use: "jwt-svid" }, { ...foreign.jwk, use: "new" }, 7];
    const bundle = parseBundle({ keys: [...more, own.jwk], new_member: 1 });
    if (bundle === null) throw new Error("no bundle");
    expect(await judged(await tokenOf(), new Map([["shop.example", bundle]]))).toBe("good");
  });

  it("may hold as many keys as a large domain has", async () => {
    const of = (count: number, use: string) =>
      Array.from({ length: count }, (_, at) => ({ ...foreign.jwk, kid: `k${at}`, use }));
    const bundle = bundleOf(...of(600, "x509-svid"), ...of(200, "jwt-svid"), own.jwk);
    expect(await judged(await tokenOf(), new Map([["shop.example", bundle]]))).toBe("good");
    expect(parseBundle({ keys: of(257, "jwt-svid") })).toBeNull();
    expect(parseBundle({ keys: of(1025, "x509-svid") })).toBeNull();
  });

  it("with members of another JSON type verifies nothing, and nothing is thrown", async () => {
    const rsa = { kty: "RSA", n: "AQAB", e: "AQAB" };
    for (const [alg, wrong] of [
      ["ES256", { ...own.jwk, key_ops: 5 }],
      ["ES256", { ...own.jwk, key_ops: null }],
      ["ES256", { ...own.jwk, x: 5 }],
      ["RS256", { ...rsa, e: 65_537 }],
      ["RS256", { ...rsa, n: 5 }],
      ["RS256", { ...rsa, n: null }],
    ] as const) {
      const bundles = new Map([
        ["shop.example", bundleOf({ ...wrong, kid: "own", use: "jwt-svid" })],
      ]);
      expect(await judged(await withHeader({ alg, kid: "own" }), bundles)).not.toBe("good");
    }
  });

  it("whose point is not on its curve verifies nothing", async () => {
    const bundles = new Map([["shop.example", bundleOf({ ...own.jwk, y: own.jwk.x })]]);
    expect(await judged(await tokenOf(), bundles)).toBe("bad-signature");
  });
});

describe("an id", () => {
  it.each([
    ["another scheme", "https://a.example/b", "scheme"],
    ["no trust domain", "spiffe:///b", "trust-domain-empty"],
    ["a query", "spiffe://a.example/b?c", "query"],
    ["a fragment", "spiffe://a.example/b#c", "fragment"],
    ["user info", "spiffe://u@a.example/b", "userinfo"],
    ["a port", "spiffe://a.example:80/b", "port"],
    ["an upper-case trust domain", "spiffe://A.example/b", "trust-domain-case"],
    ["another character in its trust domain", "spiffe://a!/b", "charset"],
    ["percent-encoding in its trust domain", "spiffe://a%2e/b", "percent"],
    ["percent-encoding in its path", "spiffe://a.example/%62", "percent"],
    ["an empty segment", "spiffe://a.example//b", "empty-segment"],
    ["a dot segment", "spiffe://a.example/./b", "dot-segment"],
    ["two dots for a segment", "spiffe://a.example/../b", "dot-segment"],
    ["a slash at its end", "spiffe://a.example/b/", "trailing-slash"],
    ["an empty segment and a slash at its end", "spiffe://a.example/b//", "empty-segment"],
    ["a dot segment and a slash at its end", "spiffe://a.example/./", "dot-segment"],
    ["another character in its path", "spiffe://a.example/b~", "charset"],
    ["a trust domain above 255 bytes", `spiffe://${"a".repeat(256)}/b`, "too-long"],
  ])("with %s is none", (_what, text, fault) => {
    expect(parseSpiffeId(text)).toBe(fault);
  });

  it("may look like an address or hold underscores: its trust domain is a name only", () => {
    expect(parseSpiffeId("spiffe://10.0.0.1/a")).toEqual({ trustDomain: "10.0.0.1", path: "/a" });
    expect(parseSpiffeId("spiffe://a_b.test")).toEqual({ trustDomain: "a_b.test", path: "" });
  });

  it("may have 2048 bytes and no more", () => {
    const long = `spiffe://a.example/${"b".repeat(2048 - 19)}`;
    expect(parseSpiffeId(long)).toMatchObject({ trustDomain: "a.example" });
    expect(parseSpiffeId(`${long}b`)).toBe("too-long");
  });

  it("is read with its path in the case it is written in", () => {
    expect(parseSpiffeId("spiffe://a.example/Pay")).toMatchObject({ path: "/Pay" });
  });
});
