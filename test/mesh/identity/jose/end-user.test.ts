// Tokens of end users: by the keys of their own issuer, whole, in time, for whom they are meant, and by no other way.
import { SignJWT, exportJWK, generateKeyPair } from "jose";
import { beforeAll, expect, it } from "vitest";
import type { UserIssuer } from "../../../../mesh/contract/policy.ts";
import { verifyUser } from "../../../../mesh/identity/jose/end-user.ts";
import { INPUTS, randomFrom } from "../../property.ts";
import { mutated } from "../mutate.ts";

const NOW_S = 1_700_000_000;
const ISSUER = "https://login.example";
const CLAIMS = { iss: ISSUER, sub: "ada", aud: ["shop"], iat: NOW_S, exp: NOW_S + 600 };

type Sign = (claims: object, header?: object) => Promise<string>;
const signers: Record<"mine" | "other", Sign> = {} as never;
let issuers: UserIssuer[];

beforeAll(async () => {
  const keys: JsonWebKey[] = [];
  for (const name of ["mine", "other"] as const) {
    const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
    keys.push({ ...(await exportJWK(publicKey)), kid: name } as JsonWebKey);
    signers[name] = (claims, header = {}) =>
      new SignJWT({ ...claims })
        .setProtectedHeader({ alg: "ES256", kid: name, ...header })
        .sign(privateKey);
  }
  const [mine = {} as JsonWebKey, other = {} as JsonWebKey] = keys;
  const none = { headers: [], forwards: false };
  issuers = [
    { issuer: ISSUER, audiences: ["shop"], keys: [mine], ...none },
    { issuer: "https://other.example", keys: [other], ...none },
    { issuer: "https://empty.example", keys: [], ...none },
  ];
});

async function verdictOf(token: string, atS = NOW_S): Promise<unknown> {
  const verdict = await verifyUser(`Bearer ${token}`, issuers, atS * 1000);
  return "fault" in verdict ? verdict.fault : verdict.claims["sub"];
}

it("believes a good token, by its own issuer's key", async () => {
  expect(await verdictOf(await signers.mine(CLAIMS))).toBe("ada");
  expect(await verdictOf(await signers.mine(CLAIMS, { typ: "at+JWT" }))).toBe("ada");
  const { aud: _, ...anyone } = CLAIMS;
  const other = { ...anyone, iss: "https://other.example" };
  expect(await verdictOf(await signers.other(other))).toBe("ada");
});

it("takes the one key where the token names none", async () => {
  expect(await verdictOf(await signers.mine(CLAIMS, { kid: undefined }))).toBe("ada");
});

it.each<[string, object, string]>([
  ["no expiry", { exp: undefined }, "exp-missing"],
  ["an expiry as text", { exp: "1800000000" }, "exp-type"],
  ["an expiry that has come", { exp: NOW_S - 30 }, "expired"],
  ["a beginning to come", { nbf: NOW_S + 31 }, "not-yet-valid"],
  ["a making to come", { iat: NOW_S + 31 }, "iat-in-future"],
  ["no audience", { aud: undefined }, "aud-missing"],
  ["another audience", { aud: "shop2" }, "aud-mismatch"],
  ["an audience of the wrong type", { aud: { shop: true } }, "aud-mismatch"],
  ["no issuer", { iss: undefined }, "untrusted-issuer"],
  ["an unknown issuer", { iss: `${ISSUER}/` }, "untrusted-issuer"],
  ["a list of issuers", { iss: [ISSUER] }, "untrusted-issuer"],
  ["an issuer without keys", { iss: "https://empty.example" }, "unknown-key"],
  ["another issuer's name", { iss: "https://other.example" }, "unknown-key"],
])("refuses a token with %s", async (_what, change, fault) => {
  expect(await verdictOf(await signers.mine({ ...CLAIMS, ...change }))).toBe(fault);
});

it.each<[string, object, string]>([
  ["of another type", { typ: "wit+jwt" }, "typ"],
  ["by an unknown key", { kid: "x" }, "unknown-key"],
  ["by another key of the same name", { kid: "mine" }, "bad-signature"],
  ["that names its key by address", { jku: "https://evil.example/keys" }, "unknown-key"],
  ["with an extension it insists on", { crit: ["b64"], b64: true }, "crit"],
])("refuses a token %s", async (_what, header, fault) => {
  expect(await verdictOf(await signers.other(CLAIMS, header))).toBe(fault);
});

it("refuses what no public key signed", async () => {
  const encode = (value: object): string =>
    Buffer.from(JSON.stringify(value)).toString("base64url");
  expect(await verdictOf(`${encode({ alg: "none" })}.${encode(CLAIMS)}.`)).toBe("alg-not-allowed");
  expect(await verdictOf(`${encode({ alg: "HS256", kid: "mine" })}.${encode(CLAIMS)}.AAAA`)).toBe(
    "alg-not-allowed",
  );
});

it("refuses whatever was changed of a token", async () => {
  const random = randomFrom(7);
  const token = await signers.mine(CLAIMS);
  for (let turn = 0; turn < INPUTS; turn++) {
    const other = mutated(token, random);
    // Blanks around a field are not part of it (RFC 9110 §5.5).
    if (other.trim() !== token) expect(await verdictOf(other), other).not.toBe("ada");
  }
});
