// A mesh in a test: two versions of a service, a split between them, and a Worker that loses its memory.
import { afterAll, beforeAll, expect, test } from "vitest";
import { startMesh, type Mesh } from "heddle/testing";

const front = `export default {
  fetch: (request, env) => env.PRICES.fetch("http://prices/today"),
};`;

const prices = (text: string): string => `export default { fetch: () => new Response("${text}") };`;

/** All calls of `prices` to these backends. */
const route = (...names: readonly string[]): object => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  metadata: { name: "prices" },
  spec: {
    parentRefs: [{ group: "", kind: "Service", name: "prices" }],
    rules: [{ backendRefs: names.map((name) => ({ name, port: 80 })) }],
  },
});

let mesh: Mesh;
beforeAll(async () => {
  mesh = await startMesh({
    workers: {
      front: { script: front, services: { PRICES: "prices" } },
      "prices-v1": { script: prices("old") },
      "prices-v2": { script: prices("new") },
    },
    resources: [
      {
        apiVersion: "heddle.dev/v1",
        kind: "Service",
        metadata: { name: "prices" },
        spec: { endpoints: [{ worker: "prices-v1" }] },
      },
      route("prices-v1"),
    ],
    entry: "front",
  });
}, 60_000);
afterAll(() => mesh?.close());

const today = async (): Promise<string> => (await mesh.fetch("/")).text();

test("calls go where the route says, from the moment apply is done", async () => {
  expect(await today()).toBe("old");
  await mesh.apply(route("prices-v2"));
  expect(await today()).toBe("new");
  const { status } = await mesh.get("httproute", "prices");
  expect(JSON.stringify(status)).toContain("Accepted");
});

test("a Worker that starts anew while control is down goes on with what it knows", async () => {
  await mesh.faults({ target: "control", mode: "down" });
  await mesh.restart("default/front");
  await mesh.resetCounters();
  expect(await today()).toBe("new");
  expect((await mesh.counters())["default/prices-v2"]?.handlerRuns).toBe(1);
  expect(await mesh.faults({ target: "control", mode: "ok" })).toEqual([]);
});
