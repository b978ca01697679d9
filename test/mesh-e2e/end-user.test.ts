// End users at a running Gateway: tokens by keys that control fetched, claims for policy, headers and cohorts.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { SignJWT, exportJWK, generateKeyPair } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { derive } from "../../mesh/filters/cohort/derive.ts";
import { type Mesh, startProject } from "./mesh.ts";
import { type Document, meshOf } from "./project.ts";

const ISSUER = "https://login.example";
const GATEWAY = { group: "gateway.networking.k8s.io", kind: "Gateway", name: "entry" };

let mesh: Mesh;
let keys: Server;
let sign: (claims?: object, header?: object) => Promise<string>;

beforeAll(async () => {
  const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: "one", use: "sig" }] };
  keys = createServer((_request, response) => void response.end(JSON.stringify(jwks)));
  await new Promise<void>((resolve) => keys.listen(0, "127.0.0.1", resolve));
  sign = (claims = {}, header = {}) =>
    new SignJWT({ sub: "ada", ...claims })
      .setProtectedHeader({ alg: "ES256", kid: "one", ...header })
      .setIssuer(ISSUER)
      .setAudience("shop")
      .setIssuedAt()
      .setExpirationTime("5m")
      .sign(privateKey);
  mesh = await startProject("end-user");
  await apply(users());
}, 60_000);
afterAll(async () => {
  await mesh?.close();
  keys?.close();
});

function users(rule: object = {}): Document {
  const jwksUri = `http://127.0.0.1:${(keys.address() as AddressInfo).port}/keys`;
  const outputClaimToHeaders = [
    { header: "x-user", claim: "sub" },
    { header: "x-team", claim: "org.team" },
  ];
  const given = { issuer: ISSUER, audiences: ["shop"], jwksUri, outputClaimToHeaders, ...rule };
  return {
    apiVersion: "heddle.dev/v1",
    kind: "RequestAuthentication",
    metadata: { name: "users" },
    spec: { targetRefs: [{ name: "entry" }], jwtRules: [given] },
  };
}

async function apply(...documents: readonly Document[]): Promise<void> {
  expect(await mesh.apply(documents, "--wait")).toMatchObject({ code: 0, err: "" });
}

/** Asks for what the callee saw; its headers, and what the Gateway said where it refused. */
async function seen(
  headers: Readonly<Record<string, string>>,
): Promise<{ status: number; reason?: unknown; headers: Readonly<Record<string, string>> }> {
  const { status, body } = await mesh.ask({ caller: "front", path: "/vault/seen/x", headers });
  const read = JSON.parse(body) as { reason?: unknown; headers?: Record<string, string> };
  return { status, reason: read.reason, headers: read.headers ?? {} };
}
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

describe("end users", { timeout: 60_000 }, () => {
  it("are told to the application by headers that nobody else can set", async () => {
    const forged = { "X-User": "root", X_User: "root", "X-Team": "root" };
    const ada = await seen({ ...forged, ...bearer(await sign({ org: { team: "loom" } })) });
    expect(ada).toMatchObject({ status: 200, headers: { "x-user": "ada", "x-team": "loom" } });
    expect(JSON.stringify(ada.headers)).not.toMatch(/root|Bearer/);
    const nobody = await seen(forged);
    expect(nobody.status).toBe(200);
    expect(JSON.stringify(nobody.headers)).not.toMatch(/root|x-user/);
    const basic = await seen({ Authorization: "Basic YTpi" });
    expect(basic.headers["authorization"]).toBe("Basic YTpi");
  });

  it("with a bad token are refused, whatever is wrong with it", async () => {
    const good = await sign();
    const bad = [
      "",
      "x",
      `${good}x`,
      `${good} ${good}`,
      good.split(".").slice(0, 2).join("."),
      await sign({}, { kid: "two" }),
      await sign({ exp: 1 }, { typ: "wit+jwt" }),
    ];
    for (const token of bad)
      expect(await seen(bearer(token)), token).toMatchObject({
        status: 401,
        reason: "unauthenticated",
      });
  });

  it("may do what policy says of their claims", async () => {
    await apply({
      apiVersion: "heddle.dev/v1",
      kind: "AuthorizationPolicy",
      metadata: { name: "readers" },
      spec: {
        targetRefs: [GATEWAY],
        rules: [
          {
            from: [{ requestPrincipals: [`${ISSUER}/ada`] }],
            when: [{ key: "request.auth.claims[scope]", values: ["read"] }],
          },
        ],
      },
    });
    expect((await seen(bearer(await sign({ scope: "write read" })))).status).toBe(200);
    const others = [
      bearer(await sign({ scope: "reader" })),
      bearer(await sign({ scope: "read", sub: "bob" })),
      {},
    ];
    for (const one of others)
      expect(await seen(one)).toMatchObject({ status: 403, reason: "not_allowed" });
    await mesh.apply([
      {
        apiVersion: "heddle.dev/v1",
        kind: "AuthorizationPolicy",
        metadata: { name: "readers" },
        spec: { targetRefs: [GATEWAY], rules: [{}] },
      },
    ]);
  });

  it("keep their cohort by a claim", async () => {
    await apply(meshOf({ defaults: { cohort: { from: [{ claim: "sub" }] } } }));
    const sources = [{ on: "claim", name: "sub" }] as const;
    for (const sub of ["ada", "bob"]) {
      const cohort = derive({ http: null, claims: { sub } }, sources);
      expect(cohort).not.toBe("");
      expect((await seen(bearer(await sign({ sub })))).headers["heddle"]).toContain(cohort);
    }
  });

  it("of an issuer that is gone are nobody's", async () => {
    await apply(users({ issuer: "https://else.example" }));
    expect(await seen(bearer(await sign()))).toMatchObject({ status: 401 });
  });

  it("keep their token where the application wants it", async () => {
    await apply(users({ forwardOriginalToken: true }));
    const token = await sign();
    expect((await seen(bearer(token))).headers["authorization"]).toBe(`Bearer ${token}`);
  });
});
