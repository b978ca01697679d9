// Sessions, cohorts of known users, consistent hashing, and streams and sockets through every filter a route can have.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exchange } from "../conformance/meshconf/websocket.ts";
import { type Mesh, startMesh } from "../../mesh/testing.ts";

const named = (name: string): string => `export default { fetch: () => new Response("${name}") };`;

/** Asks two services, each of which is split. */
const front = `export default { fetch: async (request, env) => {
  const answers = await Promise.all([env.CART.fetch("http://cart/"), env.PAY.fetch("http://pay/")]);
  return new Response((await Promise.all(answers.map((one) => one.text()))).join(" "));
} };`;

/** Ends its stream only when it is told to; echoes what a socket says. */
const back = `let release;
const released = new Promise((resolve) => { release = resolve; });
export default { fetch: (request) => {
  if (request.headers.get("upgrade") === "websocket") {
    const [client, server] = Object.values(new WebSocketPair());
    server.accept();
    server.binaryType = "arraybuffer";
    server.addEventListener("message", ({ data }) => server.send(data));
    return new Response(null, { status: 101, webSocket: client });
  }
  const { pathname } = new URL(request.url);
  if (pathname === "/moved/release") { release(); return new Response("released"); }
  const { readable, writable } = new TransformStream();
  const writer = writable.getWriter();
  const write = async () => {
    await writer.write(new TextEncoder().encode(pathname + " " + request.headers.get("x-added")));
    await released;
    await writer.close();
  };
  write();
  return new Response(readable);
} };`;

const ref = (name: string, weight = 1): object => ({ name, port: 80, weight });
const service = (name: string, spec: object): object => ({
  apiVersion: "heddle.dev/v1",
  kind: "Service",
  metadata: { name },
  spec,
});
const route = (name: string, spec: object): object => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  metadata: { name },
  spec,
});
const outside = (name: string, ...rules: readonly object[]): object =>
  route(name, { parentRefs: [{ name: "gate" }], hostnames: [`${name}.example`], rules });
const split = (name: string): object =>
  route(name, {
    parentRefs: [{ group: "", kind: "Service", name }],
    rules: [{ backendRefs: [ref(`${name}-v1`), ref(`${name}-v2`)] }],
  });
const pathFrom = (value: string): object => ({ path: { type: "PathPrefix", value } });

const resources = [
  {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "Gateway",
    metadata: { name: "gate" },
    spec: { listeners: [{ name: "http", port: 80, protocol: "HTTP" }] },
  },
  service("cart", { endpoints: [{ worker: "cart-v1" }] }),
  service("pay", { endpoints: [{ worker: "pay-v1" }] }),
  service("ring", {
    endpoints: ["cart-v1", "cart-v2", "pay-v1", "pay-v2"].map((worker) => ({ worker })),
    balancing: { mode: "ring", hash: { on: "header", name: "X-Key" }, bound: 2 },
  }),
  split("cart"),
  split("pay"),
  outside("front", { backendRefs: [ref("front")] }),
  outside("ring", { backendRefs: [ref("ring")] }),
  outside("kept", {
    backendRefs: [ref("cart-v1"), ref("cart-v2"), ref("pay-v1")],
    sessionPersistence: { type: "Cookie", cookie: { name: "kept" } },
  }),
  outside("full", {
    matches: [pathFrom("/full")],
    filters: [
      { type: "CORS", cors: { allowOrigins: ["https://a.example"] } },
      {
        type: "RequestHeaderModifier",
        requestHeaderModifier: { add: [{ name: "X-Added", value: "yes" }] },
      },
      {
        type: "ResponseHeaderModifier",
        responseHeaderModifier: { set: [{ name: "X-Answered", value: "yes" }] },
      },
      {
        type: "URLRewrite",
        urlRewrite: { path: { type: "ReplacePrefixMatch", replacePrefixMatch: "/moved" } },
      },
      { type: "RequestMirror", requestMirror: { backendRef: { name: "pay-v1", port: 80 } } },
    ],
    backendRefs: [
      {
        name: "back",
        port: 80,
        filters: [
          {
            type: "ResponseHeaderModifier",
            responseHeaderModifier: { set: [{ name: "X-Backend", value: "yes" }] },
          },
        ],
      },
    ],
    timeouts: { request: "10s", backendRequest: "10s" },
    retry: { attempts: 2, codes: [503] },
    sessionPersistence: { type: "Header", header: { name: "X-Session" } },
  }),
];

let mesh: Mesh;
beforeAll(async () => {
  mesh = await startMesh({
    workers: {
      front: { script: front, services: { CART: "cart", PAY: "pay" } },
      back: { script: back },
      "cart-v1": { script: named("v1") },
      "cart-v2": { script: named("v2") },
      "pay-v1": { script: named("v1") },
      "pay-v2": { script: named("v2") },
    },
    resources,
  });
  const { spec } = await mesh.get("mesh", "test");
  await mesh.apply({
    apiVersion: "heddle.dev/v1",
    kind: "Mesh",
    metadata: { name: "test" },
    spec: { ...spec, defaults: { cohort: { from: [{ header: "X-User" }] } } },
  });
}, 60_000);
afterAll(() => mesh?.close());

test("a client stays with its backend by its session, and new clients spread", async () => {
  const seen = new Set<string>();
  for (let client = 0; client < 12; client += 1) {
    const first = await mesh.fetch("http://kept.example/");
    const token = first.headers.getSetCookie().find((one) => one.startsWith("kept="));
    const cookie = token?.split(";")[0] ?? "";
    const name = await first.text();
    seen.add(name);
    for (let again = 0; again < 3; again += 1) {
      const next = await mesh.fetch("http://kept.example/", { headers: { cookie } });
      expect([await next.text(), next.headers.getSetCookie().join()]).not.toContain("kept=");
      expect(cookie).not.toBe("");
    }
  }
  expect(seen.size).toBe(2);
});

test("a known user is on the same side of every split, without a cookie", async () => {
  const sides = new Map<string, string>();
  for (let user = 0; user < 24; user += 1) {
    const headers = { "x-user": `user-${user}` };
    const answer = await mesh.fetch("http://front.example/", { headers });
    expect(answer.headers.getSetCookie()).toEqual([]);
    const [cart = "", pay] = (await answer.text()).split(" ");
    expect(pay).toBe(cart);
    sides.set(headers["x-user"], cart);
  }
  expect(new Set(sides.values()).size).toBe(2);
  const again = await mesh.fetch("http://front.example/", { headers: { "x-user": "user-7" } });
  expect((await again.text()).split(" ")[0]).toBe(sides.get("user-7"));
  const unknown = await mesh.fetch("http://front.example/");
  expect(unknown.headers.getSetCookie().join()).toContain("heddle-cohort=");
});

test("a key keeps its endpoint", async () => {
  await mesh.resetCounters();
  for (let call = 0; call < 10; call += 1)
    await mesh.fetch("http://ring.example/", { headers: { "x-key": "seven" } });
  const ran = Object.entries(await mesh.counters()).filter(
    ([name, { handlerRuns }]) => /cart|pay/.test(name) && handlerRuns > 0,
  );
  expect(ran.map(([, { handlerRuns }]) => handlerRuns)).toEqual([10]);
});

describe("through every filter of a route", () => {
  test("an answer streams", async () => {
    const headers = { origin: "https://a.example" };
    const answer = await mesh.fetch("http://full.example/full/stream", { headers });
    const reader = answer.body!.getReader();
    const { value } = await reader.read();
    expect(new TextDecoder().decode(value)).toBe("/moved/stream yes");
    for (const name of ["x-answered", "x-backend"]) expect(answer.headers.get(name)).toBe("yes");
    expect(answer.headers.get("access-control-allow-origin")).toBe("https://a.example");
    expect(answer.headers.get("x-session")).not.toBeNull();
    expect(await (await mesh.fetch("http://full.example/full/release")).text()).toBe("released");
    expect((await reader.read()).done).toBe(true);
  });

  test("a WebSocket opens and echoes", async () => {
    const wire = {
      address: new URL(mesh.gateway).host,
      method: "GET",
      target: "/full/socket",
      headers: [["Host", "full.example"]] as const,
    };
    const frames = [
      { send_text: "wéft", expect_text: "wéft" },
      { send_binary_hex: "0102ff", expect_binary_hex: "0102ff" },
    ];
    expect(await exchange(wire, frames)).toEqual([]);
  });
});
