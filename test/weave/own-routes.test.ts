// A Worker with routes of its own: workloads of other meshes prove themselves there too, and its policy knows them.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  ACCEPT_SIGNATURE,
  ASK_FOR_PROOF,
  contentDigest,
  importSignatureKey,
  parseBundle,
  proveRequest,
  verifyResponse,
  type Message,
  type RequestMeaning,
  type Signer,
} from "../../mesh/identity.ts";
import { startCloth, type Cloth } from "./cloth.ts";
import { newestDate } from "./differences.ts";
import { chunksOf, control, GONE, HOST, LATER, PULSE } from "./own-planes.ts";
import { frameOf, UPGRADE, upgraded } from "./upgrade.ts";
import { counter, runsOf, victim } from "./victims.ts";

const FRONT = "spiffe://one.example/ns/shop/sa/front";

let cloth: Cloth;
let issuer: CryptoKey;
let ownKey: object;
const dir = mkdtempSync(path.join(tmpdir(), "own-routes-"));

beforeAll(async () => {
  const [theirs, ours] = await Promise.all(
    [1, 2].map(() => generateKeyPair("ES256", { extractable: true })),
  );
  if (theirs === undefined || ours === undefined) throw new Error("no keys");
  issuer = theirs.privateKey;
  ownKey = { ...(await exportJWK(ours.publicKey)), kid: "c1", use: "wit-svid" };
  const key = { ...(await exportJWK(theirs.publicKey)), kid: "i1", use: "wit-svid" };
  const { kty, crv, x, y, d } = (await exportJWK(ours.privateKey)) as JsonWebKey;
  cloth = await startCloth({
    compatibilityDate: newestDate(),
    isWoven: true,
    dir,
    more: chunksOf(key),
    workers: [
      victim("house", {
        // A socket that is silent hears of a revocation within the lease.
        wiring: { leaseMs: 1000 },
        bindings: {
          HEDDLE: { type: "worker", worker: "control", entrypoint: "Workload" },
          HEDDLE_PULSE: { type: "worker", worker: "pulse", entrypoint: "Pulse" },
        },
      }),
      {
        name: "pulse",
        source: PULSE,
        exports: ["default", "Pulse"],
        isPlain: true,
        isExposed: true,
      },
      counter,
      {
        name: "control",
        source: control({ kty, crv, x, y, d } as JsonWebKey),
        exports: ["default", "Workload"],
        isPlain: true,
      },
    ],
  });
}, 60_000);
afterAll(async () => {
  await cloth?.close();
  rmSync(dir, { recursive: true, force: true });
});

async function signerOf(sub = FRONT, by = issuer): Promise<Signer> {
  const pair = await generateKeyPair("ES256", { extractable: true });
  const token = await new SignJWT({ sub, cnf: { jwk: await exportJWK(pair.publicKey) } })
    .setProtectedHeader({ alg: "ES256", kid: "i1", typ: "wit+jwt" })
    .setIssuedAt()
    .setExpirationTime("10m")
    .sign(by);
  const secret = (await exportJWK(pair.privateKey)) as JsonWebKey;
  const key = await importSignatureKey("ecdsa-p256-sha256", secret, "sign");
  if (key === null) throw new Error("no key");
  return { token, key };
}

const nowS = (): number => Math.floor(Date.now() / 1000);

/** A request with its proof; what is sent may be something else. */
async function proved(
  target: string,
  { signer, nonce = crypto.randomUUID(), atS = nowS(), body, headers = [], ...meaning }: Sent = {},
): Promise<Message> {
  const bare: Message = {
    method: body === undefined ? "GET" : "POST",
    target,
    scheme: "http",
    headers: [
      ["host", HOST],
      ...headers,
      ...(body === undefined ? [] : ([["content-digest", await contentDigest(body)]] as const)),
    ],
    ...(body === undefined ? {} : { body }),
  };
  const proof = await proveRequest(bare, signer ?? (await signerOf()), atS, nonce, meaning);
  return { ...bare, headers: [...bare.headers, ...proof] };
}

interface Sent extends RequestMeaning {
  readonly signer?: Signer;
  readonly nonce?: string;
  readonly atS?: number;
  readonly body?: string;
  readonly headers?: Message["headers"];
}

function send({ method = "GET", target = "/", headers, body }: Message): Promise<Response> {
  const given = Object.fromEntries(headers.filter(([name]) => name !== "host"));
  const host = headers.find(([name]) => name === "host")?.[1] ?? HOST;
  return cloth.fetch("house", `http://${host}${target}`, {
    method,
    headers: given,
    ...(body === undefined ? {} : { body: String(body) }),
  });
}

/** Status and reason; the handler ran where it is 200, and not otherwise. */
async function answerTo(message: Message): Promise<string> {
  const before = await runsOf(cloth);
  const response = await send(message);
  const text = await response.text();
  expect((await runsOf(cloth)) - before).toBe(response.ok ? 1 : 0);
  return response.ok
    ? "200"
    : `${response.status} ${(JSON.parse(text) as { reason: string }).reason}`;
}

const plain = (target: string, headers: Message["headers"] = []): Message => ({
  target,
  headers: [["host", HOST], ...headers],
});

describe("who shows no identity", () => {
  it.each([
    ["/open", "200"],
    ["/open?x=1", "200"],
    ["/paid", "403 not_allowed"],
    ["/closed", "403 denied"],
    ["/other", "403 not_allowed"],
    ["/%6fpen", "200"],
    ["//open", "400 ambiguous_path"],
    ["/closed;a=1", "400 ambiguous_path"],
  ])("at %s: %s", async (target, answer) => {
    expect(await answerTo(plain(target))).toBe(answer);
  });

  it("has none by what it says of itself", async () => {
    const said = ["heddle", "x-heddle-caller", "x-mesh-caller"].map(
      (name) => [name, "one.example/ns/shop/sa/front"] as const,
    );
    expect(await answerTo(plain("/paid", said))).toBe("403 not_allowed");
  });
});

describe("who proves one", () => {
  it("is let in by policy, once, and the application sees no proof", async () => {
    const message = await proved("/paid", { body: "sum", headers: [["x-own", "kept"]] });
    const response = await send(message);
    expect(response.status).toBe(200);
    const seen = (await response.json()) as { body: string; names: readonly string[] };
    expect(seen.body).toBe("sum");
    expect(seen.names).toContain("x-own");
    expect(seen.names.filter((name) => /signature|workload-identity/.test(name))).toEqual([]);
    expect(response.headers.get("signature")).toBeNull();
    expect(await answerTo(message)).toBe("401 unauthenticated");
  });

  it("is held against policy as anybody", async () => {
    const signer = await signerOf("spiffe://one.example/ns/shop/sa/other");
    expect(await answerTo(await proved("/paid", { signer }))).toBe("403 not_allowed");
    expect(await answerTo(await proved("/open", { signer }))).toBe("200");
    expect(await answerTo(await proved("/closed"))).toBe("403 denied");
  });

  it("is refused once it is revoked, wherever policy would let it in", async () => {
    const signer = await signerOf(GONE);
    await expect
      .poll(async () => answerTo(await proved("/open", { signer })), { timeout: 5000 })
      .toBe("401 revoked");
    expect(await answerTo(await proved("/open"))).toBe("200");
  });

  it("keeps a WebSocket until it is revoked, also where nothing is said on it", async () => {
    const signer = await signerOf(`spiffe://${LATER}`);
    const { target = "", headers } = await proved("/socket", { signer, headers: UPGRADE });
    const socket = await upgraded(cloth.url("house"), target, headers);
    // A masked text without a letter: what comes back shows that it goes both ways.
    socket.write(Buffer.from([0x81, 0x80, 0, 0, 0, 0]));
    expect((await frameOf(socket)).opcode).toBe(1);
    await cloth.fetch("pulse", "http://pulse.example/", {
      method: "POST",
      body: `spiffe://${LATER}`,
    });
    const { opcode, payload } = await frameOf(socket);
    const [code, reason] = [payload.readUInt16BE(0), payload.toString("utf8", 2)];
    expect([opcode, code, reason]).toEqual([8, 1008, "revoked"]);
    socket.destroy();
  }, 20_000);

  it.each<[string, () => Promise<Message>]>([
    ["for another audience", () => proved("/paid", { audience: "http://other.example/paid" })],
    [
      "for another name that it came by",
      async () => {
        const message = await proved("/paid", { audience: "http://other.example/paid" });
        return { ...message, headers: message.headers.with(0, ["host", "other.example"]) };
      },
    ],
    ["too long ago", () => proved("/paid", { atS: nowS() - 40 })],
    ["too early", () => proved("/paid", { atS: nowS() + 40 })],
    [
      "by a key of nobody's",
      async () => {
        const { privateKey } = await generateKeyPair("ES256");
        return proved("/paid", { signer: await signerOf(FRONT, privateKey) });
      },
    ],
    [
      "for a subject that its domain may not speak for",
      async () => proved("/paid", { signer: await signerOf("spiffe://one.example/ns/pay/sa/x") }),
    ],
    [
      "for a domain that is not trusted",
      async () => proved("/paid", { signer: await signerOf("spiffe://two.example/ns/shop/sa/x") }),
    ],
    ["with another path", async () => ({ ...(await proved("/open")), target: "/paid" })],
    ["with another query", async () => ({ ...(await proved("/paid?a=1")), target: "/paid?a=2" })],
    ["with another method", async () => ({ ...(await proved("/paid")), method: "DELETE" })],
    ["with another body", async () => ({ ...(await proved("/paid", { body: "a" })), body: "b" })],
    ["with a token alone", async () => plain("/open", [["workload-identity-token", "a.b.c"]])],
    [
      "with a body that is too long to be covered",
      () => proved("/paid", { body: "x".repeat(65_537) }),
    ],
  ])("is nobody %s", async (_how, message) => {
    expect(await answerTo(await message())).toBe("401 unauthenticated");
  });

  it.each<[string, Sent]>([
    ["by its signature", { wantsProof: true }],
    ["by a header", { headers: [[ACCEPT_SIGNATURE, ASK_FOR_PROOF]] }],
  ])("gets a proved answer where it asks for one %s", async (_how, sent) => {
    const request = await proved("/paid", sent);
    const response = await send(request);
    expect(response.status).toBe(200);
    const bundle = parseBundle({ keys: [ownKey] }, "wit-svid");
    if (bundle === null) throw new Error("no bundle");
    const answer: Message = {
      status: response.status,
      headers: [...response.headers],
      body: await response.text(),
      request,
    };
    const rules = {
      bundles: new Map([["cloth.example", bundle]]),
      nowS: nowS(),
      admitNonce: () => true,
    };
    expect(await verifyResponse(answer, rules)).toMatchObject({
      ok: true,
      subject: "spiffe://cloth.example/ns/default/sa/house",
    });
    const other = await verifyResponse({ ...answer, body: "another" }, rules);
    expect(other).toMatchObject({ ok: false, reason: "digest-mismatch" });
  });
});
