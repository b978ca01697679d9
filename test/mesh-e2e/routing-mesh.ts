// Owns the mesh of the routing tests: two services that are split for requests, one whose methods an RPCRoute tells apart,
// and a route with every filter.
import { type Mesh, startMesh } from "../../mesh/testing.ts";
import { clerks, methodRoute, tills } from "./rpc-routing.ts";

const named = (name: string): string =>
  `export default { fetch: () => new Response("${name}"), side: () => "${name}" };`;

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
  service("till", { endpoints: [{ worker: "till-v1" }] }),
  methodRoute,
  ...Object.keys(clerks).map((name) => outside(name, { backendRefs: [ref(name)] })),
  outside("ring", { backendRefs: [ref("ring")] }),
  outside("kept", {
    backendRefs: [ref("cart-v1"), ref("cart-v2"), ref("pay-v1")],
    sessionPersistence: { type: "Cookie", cookie: { name: "kept" } },
  }),
  outside("shared", {
    backendRefs: [
      {
        name: "cart-v1",
        port: 80,
        filters: [{ type: "CORS", cors: { allowOrigins: ["https://a.example"], maxAge: 60 } }],
      },
    ],
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

/** Starts it; a user's cohort follows from the header X-User. */
export async function startRouting(): Promise<Mesh> {
  const mesh = await startMesh({
    workers: {
      front: { script: front, services: { CART: "cart", PAY: "pay" } },
      back: { script: back },
      "cart-v1": { script: named("v1") },
      "cart-v2": { script: named("v2") },
      "pay-v1": { script: named("v1") },
      "pay-v2": { script: named("v2") },
      ...clerks,
      ...tills,
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
  return mesh;
}
