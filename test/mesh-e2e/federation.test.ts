// Two meshes of different trust domains, side by side over HTTP on loopback: each calls the other, and believes it only
// while it holds the other's keys.
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { proveRequest, type Message } from "../../mesh/identity.ts";
import { type Mesh, startProject, steady } from "./mesh.ts";
import { type Origin, startOrigin } from "./origin.ts";
import { type Document, serviceOf } from "./project.ts";

const HEDDLE = "heddle.dev/v1";
const GATEWAY = "gateway.networking.k8s.io/v1";

const ROUNDS = process.env["HEDDLE_LONG"] ? 20 : 2;
/** Fewer beside other tests, which would wait for them. */
const PER_SECOND = process.env["HEDDLE_LONG"] ? 200 : 40;

let one: Mesh;
let two: Mesh;
/** Keys of a third domain, whose only origin is a plain Node server. */
let origin: Origin;

beforeAll(async () => {
  [one, two] = await Promise.all([
    startProject("federation-one", [wayIn("vault")], { trustDomain: "one.example" }),
    startProject("federation-two", [wayIn("vault")], { trustDomain: "two.example" }),
  ]);
  origin = await startOrigin(`${one.ready.control}/.well-known/spiffe/bundle.json`);
  await Promise.all([federate(one, two, "two.example"), federate(two, one, "one.example")]);
}, 120_000);
afterAll(async () => {
  origin?.server.close();
  await Promise.all([one?.close(), two?.close()]);
});

const authorityOf = (mesh: Mesh): string => new URL(mesh.ready.gateway).host;

/** Whatever no hostname is told for goes to a service. */
const wayIn = (service: string): Document => ({
  apiVersion: GATEWAY,
  kind: "HTTPRoute",
  metadata: { name: "from-elsewhere" },
  spec: {
    parentRefs: [{ name: "entry" }],
    rules: [{ backendRefs: [{ name: service, port: 80 }] }],
  },
});

const domainOf = (mesh: Mesh, other: Mesh, trustDomain: string, more: object = {}): Document => ({
  apiVersion: HEDDLE,
  kind: "TrustDomain",
  metadata: { name: "other" },
  spec: {
    trustDomain,
    bundle: { url: `${other.ready.control}/.well-known/spiffe/bundle.json` },
    authorities: [authorityOf(mesh)],
    ...more,
  },
});

/** The other mesh's `vault`, called by the name of our `echo`; and who of it may call our own `vault`. */
async function federate(mesh: Mesh, other: Mesh, trustDomain: string): Promise<void> {
  const documents = [
    domainOf(mesh, other, trustDomain),
    serviceOf("echo", {
      endpoints: [
        { name: "elsewhere", url: other.ready.gateway, identity: "wimse", answer: "required" },
      ],
    }),
    {
      apiVersion: HEDDLE,
      kind: "AuthorizationPolicy",
      metadata: { name: "vault" },
      spec: {
        targetRefs: [{ kind: "Service", name: "vault" }],
        rules: [{ from: [{ principals: [`${trustDomain}/ns/default/sa/front`] }] }],
      },
    },
  ];
  expect(await mesh.apply(documents, "--wait")).toMatchObject({ code: 0, err: "" });
}

const call = (mesh: Mesh, caller: string, more: object = {}) =>
  mesh.ask({ caller, path: "/echo/seen", ...more });

describe("two meshes", { timeout: 300_000 }, () => {
  it.each(["one", "two"])("let in whom policy names of the other: from %s", async (from) => {
    const mesh = from === "one" ? one : two;
    const { status, body } = await call(mesh, "front", { method: "POST", body: "paid" });
    expect({ status, body }).toMatchObject({ status: 200 });
    const seen = JSON.parse(body) as {
      name: string;
      body: string;
      headers: Record<string, string>;
    };
    expect(seen).toMatchObject({ name: "vault", body: "paid" });
    const signed = Object.keys(seen.headers).filter((name) => /signature|token/.test(name));
    expect(signed).toEqual([]);
    // Proved, but not named by the policy of the callee.
    expect(JSON.parse((await call(mesh, "other")).body)).toMatchObject({ reason: "not_allowed" });
  });

  it("let nobody in who forges, replays or means somebody else", async () => {
    const { host } = new URL(two.ready.gateway);
    const signer = origin.signer;
    const target = "/seen";
    const message: Message = { method: "GET", target, scheme: "http", headers: [["host", host]] };
    const nowS = Math.floor(Date.now() / 1000);
    const proof = await proveRequest(message, signer, nowS, "n1");
    const ask = async (headers: Message["headers"]) =>
      (
        await fetch(`${two.ready.gateway}${target}`, {
          headers: headers.map(([name, value]) => [name, value] as [string, string]),
        })
      ).status;
    // Of a domain that is not trusted; then of one that is, but with a token of another.
    expect(await ask(proof)).toBe(401);
    const domain = {
      ...domainOf(two, one, "three.example", {
        bundle: { keys: [origin.key] },
        authorities: [host],
      }),
      metadata: { name: "three" },
    };
    expect(await two.apply([domain], "--wait")).toMatchObject({ code: 0, err: "" });
    // Believed now, though policy does not name it.
    const again = await proveRequest(message, signer, nowS, "n2");
    expect(await ask(again)).toBe(403);
    expect(await ask(again)).toBe(401);
    const forged = (await proveRequest(message, signer, nowS, "n3")).map(
      ([name, value]) =>
        [name, name === "signature" ? value.replace(/:..../, ":AAAA") : value] as const,
    );
    expect(await ask(forged)).toBe(401);
    const elsewhere = { ...message, headers: [["host", "elsewhere.example"]] as const };
    expect(await ask(await proveRequest(elsewhere, signer, nowS, "n4"))).toBe(401);
    // Under our name, but meant for somebody else.
    const meant = { audience: "https://elsewhere.example/seen" };
    expect(await ask(await proveRequest(message, signer, nowS, "n5", meant))).toBe(401);
    const ours = { audience: `https://${host}/` };
    expect(await ask(await proveRequest(message, signer, nowS, "n6", ours))).toBe(403);
    expect(await ask([["workload-identity-token", "x.y.z"]])).toBe(401);
  });

  it("prove themselves to a plain Node origin, and believe its proved answers only", async () => {
    const documents = [
      serviceOf("flaky", {
        endpoints: [
          {
            name: "origin",
            url: origin.url,
            identity: "wimse",
            answer: "required",
            answerer: "spiffe://three.example/*",
          },
        ],
      }),
      {
        ...domainOf(one, two, "three.example", { bundle: { keys: [origin.key] } }),
        metadata: { name: "three" },
      },
    ];
    expect(await one.apply(documents, "--wait")).toMatchObject({ code: 0, err: "" });
    const asked = { caller: "other", path: "/flaky/hi?x=%2F", method: "PUT", body: "there" };
    const answer = await one.ask(asked);
    expect(answer).toMatchObject({
      status: 200,
      body: "hello spiffe://one.example/ns/default/sa/other",
    });
    origin.answersBare = true;
    const bare = await one.ask(asked);
    expect(JSON.parse(bare.body)).toMatchObject({ status: 502, reason: "bad_answer" });
    origin.answersBare = false;
    expect(new Set(origin.seen)).toEqual(new Set(["spiffe://one.example/ns/default/sa/other"]));
  });

  it("rotate the keys of their tokens while calls run, and none is refused", async () => {
    // Both ways in turn, until all is rotated.
    const ask = async (index: number) => (await call(index % 2 === 0 ? one : two, "front")).status;
    const calls = steady(1.05 * PER_SECOND, ask);
    origin.kids.clear();
    /** A key is made, the other mesh hears of it, and it takes over: what the schedule does within days. */
    const rotate = async (mesh: Mesh, other: Mesh, trustDomain: string): Promise<void> => {
      const purpose = "token";
      await mesh.control("POST /v1/identity/rotate", { purpose, now: false });
      const domain = domainOf(other, mesh, trustDomain);
      // An isolate that was ended says no more, and is named for that.
      expect(await other.apply([domain], "--wait")).toMatchObject({ code: 0 });
      await mesh.control("POST /v1/identity/rotate", { purpose, now: true });
    };
    const turn = async (): Promise<void> => {
      await Promise.all([rotate(one, two, "one.example"), rotate(two, one, "two.example")]);
      // New isolates ask for new tokens.
      for (const mesh of [one, two]) await mesh.fault("isolate:default/front", "restart");
      await one.ask({ caller: "front", path: "/flaky/hi" });
    };
    for (let round = 0; round < ROUNDS; round++) await turn();
    const { results, perSecond } = await calls.stop();
    const rate = perSecond.toFixed(0);
    console.log(
      `${results.length} calls, ${rate} a second, ${ROUNDS} rotations of both token keys`,
    );
    expect(new Set(results)).toEqual(new Set([200]));
    // On a machine of its own.
    if (process.env["HEDDLE_LONG"]) expect(perSecond).toBeGreaterThanOrEqual(PER_SECOND);
    expect(origin.kids.size).toBe(ROUNDS);
  });

  it("are strangers again once the bundle is withdrawn", async () => {
    expect((await call(one, "front")).status).toBe(200);
    const empty = domainOf(two, one, "one.example", { bundle: { keys: [] } });
    expect(await two.apply([empty], "--wait")).toMatchObject({ code: 0 });
    // The answer to a refusal is proved by nobody, so that the caller does not believe even that.
    await vi.waitFor(async () => {
      expect(JSON.parse((await call(one, "front")).body)).toMatchObject({ reason: "bad_answer" });
    });
    // Nor does it believe what the other answers.
    expect(JSON.parse((await call(two, "front")).body)).toMatchObject({ reason: "bad_answer" });
    expect(await two.apply([domainOf(two, one, "one.example")], "--wait")).toMatchObject({
      code: 0,
    });
    expect((await call(one, "front")).status).toBe(200);
  });

  it("believe no answer of who was revoked there", async () => {
    const asked = { caller: "other", path: "/flaky/hi" };
    expect((await one.ask(asked)).status).toBe(200);
    const value = "spiffe://three.example/origin";
    await one.control("POST /v1/revoke", { kind: "subject", value });
    await vi.waitFor(async () => {
      expect(JSON.parse((await one.ask(asked)).body)).toMatchObject({ reason: "bad_answer" });
    }, 4000);
  });
});
