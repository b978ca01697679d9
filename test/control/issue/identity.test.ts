// Workload identity tokens: what is in them, whom they are given to, and that they verify by the published bundle.
import { beforeEach, expect, it } from "vitest";
import { createIssue, type IssueIdentity } from "../../../control/issue/identity.ts";
import { createMemory, type Memory } from "../../../control/issue/memory.ts";
import { trustBundle } from "../../../control/access/answers.ts";
import { parseBundle, verifyToken } from "../../../mesh/identity.ts";
import { type TestControl, createTestControl } from "../test-control.ts";

const ECDSA = { name: "ECDSA", namedCurve: "P-256" } as const;

let control: TestControl;
let memory: Memory;
let issue: IssueIdentity;
let key: JsonWebKey;
let secret: JsonWebKey;
beforeEach(async () => {
  control = await createTestControl();
  memory = createMemory();
  issue = createIssue();
  const pair = (await crypto.subtle.generateKey(ECDSA, true, ["sign", "verify"])) as CryptoKeyPair;
  const { kty, crv, x, y } = (await crypto.subtle.exportKey(
    "jwk",
    pair.publicKey,
  )) as Required<JsonWebKey>;
  key = { kty, crv, x, y };
  secret = (await crypto.subtle.exportKey("jwk", pair.privateKey)) as JsonWebKey;
});

const verified = async (token: string) => {
  const bundle = parseBundle(await trustBundle(control), "wit-svid");
  if (bundle === null) throw new Error("no bundle");
  return verifyToken(token, {
    bundles: new Map([["mesh.internal", bundle]]),
    nowS: Math.floor(control.clock.now() / 1000),
    audience: "",
    kind: "wit",
  });
};

it("names the workload of the binding and the key, for ten minutes, and verifies by the bundle", async () => {
  const { token, endMs } = await issue(memory, control, "shop/cart", key);
  const nowS = Math.floor(control.clock.now() / 1000);
  const verdict = await verified(token);
  expect(verdict).toMatchObject({
    ok: true,
    subject: "spiffe://mesh.internal/ns/shop/sa/cart",
    claims: { iat: nowS, exp: nowS + 600, cnf: { jwk: { ...key, alg: "ES256" } } },
  });
  expect(endMs).toBe((nowS + 600) * 1000);
  const [header, claims] = token
    .split(".")
    .map((part) => Buffer.from(part, "base64url").toString())
    .slice(0, 2)
    .map((part) => JSON.parse(part) as Record<string, unknown>);
  expect(Object.keys(header ?? {}).toSorted()).toEqual(["alg", "kid", "typ"]);
  expect(Object.keys(claims ?? {}).toSorted()).toEqual(["cnf", "exp", "iat", "jti", "sub"]);
});

it("is signed by the key that is active, which the bundle named before", async () => {
  await issue(memory, control, "shop/cart", key);
  await control.issuer.rotate("token", true);
  const { token } = await issue(memory, control, "shop/cart", key);
  expect(JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString())).toMatchObject({
    kid: "w2",
  });
  expect(await verified(token)).toMatchObject({ ok: true });
});

it("takes the public half of a P-256 key and nothing else", async () => {
  const wrong = [
    secret,
    { ...key, kty: "RSA" },
    { ...key, crv: "P-384" },
    { ...key, x: "AA" },
    {},
    null,
  ];
  for (const given of wrong)
    await expect(issue(memory, control, "shop/cart", given)).rejects.toThrow("public half");
});

it("is given to nobody who is revoked", async () => {
  await control.registry.addRevocations([{ kind: "subject", value: "shop/cart", atMs: 1 }]);
  await expect(issue(memory, control, "shop/cart", key)).rejects.toThrow("revoked");
});

it("is given to no revoked version", async () => {
  await control.registry.addRevocations([{ kind: "version", value: "shop/cart@v1", atMs: 1 }]);
  await expect(issue(memory, control, "shop/cart", key, "v1")).rejects.toThrow("revoked");
  for (const tag of ["v2", undefined])
    expect((await issue(memory, control, "shop/cart", key, tag)).token).not.toBe("");
});

it("is told in the audit trail, once per workload and minute", async () => {
  const told = async () =>
    (await control.store.auditTrail(10, 0)).filter(({ action }) => action === "identity token")
      .length;
  for (const workload of ["shop/cart", "shop/cart", "shop/pay"])
    await issue(memory, control, workload, key);
  expect(await told()).toBe(2);
  control.clock.advance(60_000);
  await issue(memory, control, "shop/cart", key);
  expect(await told()).toBe(3);
});

it("publishes a bundle that names use and kind of each key, and a whole refresh hint", async () => {
  await issue(memory, control, "shop/cart", key);
  const bundle = await trustBundle(control);
  expect(bundle.keys.length).toBeGreaterThan(0);
  for (const one of bundle.keys)
    expect(one).toMatchObject({
      kty: "EC",
      use: "wit-svid",
      alg: "ES256",
      kid: expect.any(String),
    });
  expect(Number.isSafeInteger(bundle.spiffe_refresh_hint)).toBe(true);
});
