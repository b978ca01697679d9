// Who is believed by the chunk `trust`: keys, subjects, issuers, and for whom a request was meant.
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { beforeAll, expect, it } from "vitest";
import {
  importSignatureKey,
  proveRequest,
  type Message,
  type Signer,
} from "../../../../mesh/identity.ts";
import { believeRequest } from "../../../../mesh/identity/outward/trusted.ts";
import type { TrustedDomain } from "../../../../mesh/contract/trust.ts";

const NOW_S = 1_700_000_000;
const SUBJECT = "spiffe://one.example/pay/till";

let signer: Signer;
let keys: TrustedDomain["keys"];
beforeAll(async () => {
  const issuer = await generateKeyPair("ES256", { extractable: true });
  keys = [{ ...(await exportJWK(issuer.publicKey)), kid: "i1", use: "wit-svid" } as JsonWebKey];
  const pair = await generateKeyPair("ES256", { extractable: true });
  const jwk = await exportJWK(pair.publicKey);
  const token = await new SignJWT({
    sub: SUBJECT,
    iss: "https://one.example",
    iat: NOW_S,
    exp: NOW_S + 600,
    cnf: { jwk },
  })
    .setProtectedHeader({ alg: "ES256", kid: "i1", typ: "wit+jwt" })
    .sign(issuer.privateKey);
  const key = await importSignatureKey(
    "ecdsa-p256-sha256",
    (await exportJWK(pair.privateKey)) as JsonWebKey,
    "sign",
  );
  if (key === null) throw new Error("no key");
  signer = { token, key };
});

async function judged(
  domain: Partial<TrustedDomain>,
  authority = "two.example",
  laterS = 0,
  audience?: string,
): Promise<string> {
  const bare: Message = { method: "GET", target: "/a", headers: [["host", authority]] };
  const meaning = audience === undefined ? {} : { audience };
  const proof = await proveRequest(bare, signer, NOW_S, "n", meaning);
  const message = { ...bare, headers: [...bare.headers, ...proof] };
  const trust = { domains: { "one.example": { keys, authorities: ["two.example"], ...domain } } };
  const nowMs = (NOW_S + laterS) * 1000;
  const believed = await believeRequest(trust, message, authority, nowMs, () => true);
  return "fault" in believed ? believed.fault : believed.subject;
}

it.each<[string, Partial<TrustedDomain>, string]>([
  ["nothing more is asked", {}, SUBJECT],
  ["it is named", { subjects: [SUBJECT] }, SUBJECT],
  ["it is below a path that is", { subjects: ["spiffe://one.example/pay/*"] }, SUBJECT],
  [
    "its beginning is named",
    { subjects: ["spiffe://one.example/pa"] },
    `may not speak for ${SUBJECT}`,
  ],
  [
    "another path is",
    { subjects: ["spiffe://one.example/payroll/*"] },
    `may not speak for ${SUBJECT}`,
  ],
  [
    "its path is written in other case",
    { subjects: ["spiffe://one.example/Pay/till"] },
    `may not speak for ${SUBJECT}`,
  ],
  ["its issuer is named", { issuers: ["https://one.example"] }, SUBJECT],
  ["another issuer is", { issuers: ["https://two.example"] }, "issuer"],
  ["there is no key", { keys: [] }, "unknown-key"],
])("a workload is judged where %s", async (_where, domain, verdict) => {
  expect(await judged(domain)).toBe(verdict);
});

it.each([
  ["two.example", ["two.example"], true],
  ["two.example:8443", ["two.example"], true],
  ["two.example:8443", ["two.example:443"], false],
  ["a.two.example", ["*.two.example"], true],
  ["two.example", ["*.two.example"], false],
  ["eviltwo.example", ["*.two.example"], false],
  ["other.example", ["two.example"], false],
  ["two.example", [], false],
])("a request for %s is meant for %j: %s", async (authority, authorities, isMeant) => {
  const verdict = await judged({ authorities }, authority);
  expect(verdict).toBe(isMeant ? SUBJECT : `not meant for ${authority}`);
});

it("a request is for whom its proof names, by whatever name it came", async () => {
  const authorities = ["two.example", "three.example:8443"];
  const judge = (audience: string, authority = "two.example") =>
    judged({ authorities }, authority, 0, audience);
  expect(await judge("https://two.example/a")).toBe(SUBJECT);
  expect(await judge("https://TWO.example:443/b")).toBe(SUBJECT);
  expect(await judge("http://three.example:8443/", "three.example:8443")).toBe(SUBJECT);
  for (const audience of [
    "https://three.example:8443/a",
    "https://two.example:8443/a",
    "https://two.example.evil.example/a",
    "https://two.example@evil.example/a",
    "two.example",
    "spiffe://one.example/pay/till",
    "",
  ])
    expect([audience, await judge(audience)]).toEqual([audience, "wrong-audience"]);
});

it("a signature counts no longer than its nonce is remembered", async () => {
  expect(await judged({}, "two.example", 30)).toBe(SUBJECT);
  expect(await judged({}, "two.example", 31)).toBe("too-old");
  expect(await judged({}, "two.example", -5)).toBe(SUBJECT);
  expect(await judged({}, "two.example", -6)).toBe("iat-in-future");
});
