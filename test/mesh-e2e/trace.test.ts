// One trace from a client through gateway, Workers and objects to a server outside: by fetch, RPC and global fetch.
import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startMesh, type Mesh } from "../../mesh/testing.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PARENT = "b7ad6b7169203331";
const STATE = "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE,tilde=~|%7e";

/** What the W3C harness asks of a service: POST `arguments` to each `url`. */
const CALL_BACK = `
export const callBack = async (list) => {
  for (const { url, arguments: body } of list)
    await fetch(url, { method: "POST", body: JSON.stringify(body) });
};
export const seen = (request) => Object.fromEntries(request.headers);
`;

/** `/fetch/X` has X do it, `/rpc` B by RPC, `/object` an object, `/forward` hands the request itself on. */
const A = `${CALL_BACK}
import { DurableObject } from "cloudflare:workers";
export class Room extends DurableObject {
  async callBack(list) { await callBack(list); }
}
export default {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/seen") return Response.json(seen(request));
    if (pathname === "/forward") return fetch(searchParams.get("to"), request);
    const list = await request.json();
    if (pathname === "/fetch") {
      const headers = JSON.parse(searchParams.get("headers") ?? "{}");
      return env.B.fetch("http://b/", { method: "POST", body: JSON.stringify(list), headers });
    }
    if (pathname === "/rpc") await env.METHODS.callBack(list);
    else if (pathname === "/object") await env.ROOM.get(env.ROOM.idFromName("one")).callBack(list);
    else await callBack(list);
    return Response.json(seen(request));
  },
};`;

const B = `${CALL_BACK}
import { WorkerEntrypoint } from "cloudflare:workers";
export class Methods extends WorkerEntrypoint {
  async callBack(list) { await callBack(list); }
}
export default {
  async fetch(request, env) {
    await callBack(await request.json());
    // Once more through the mesh: what came in goes on, without a word of this Worker.
    const onward = await (await env.A.fetch("http://a/seen")).json();
    return Response.json({ here: seen(request), onward });
  },
};`;

type Seen = Readonly<Record<string, string>>;

let mesh: Mesh;
let received: http.IncomingHttpHeaders[] = [];
const target = http.createServer((request, response) => {
  received.push(request.headers);
  request.resume().on("end", () => response.end("{}"));
});

beforeAll(async () => {
  await new Promise<void>((done) => target.listen(0, "127.0.0.1", done));
  mesh = await startMesh({
    workers: {
      a: {
        script: A,
        config: {
          services: [
            { binding: "B", service: "b" },
            { binding: "METHODS", service: "b", entrypoint: "Methods" },
          ],
          durable_objects: { bindings: [{ name: "ROOM", class_name: "Room" }] },
          migrations: [{ tag: "v1", new_sqlite_classes: ["Room"] }],
        },
      },
      b: { script: B, services: { A: "a" } },
    },
    entry: "a",
  });
});
afterAll(async () => {
  target.closeAllConnections();
  target.close();
  await mesh?.close();
});

const targetUrl = (): string => `http://127.0.0.1:${(target.address() as AddressInfo).port}/`;

/** Has the gateway's Worker call back `times` times; answers what it said, and what the server outside got. */
async function ask(path: string, headers: Seen, times = 1) {
  received = [];
  const list = Array.from({ length: times }, () => ({ url: targetUrl(), arguments: [] }));
  const answer = await mesh.fetch(path, { method: "POST", headers, body: JSON.stringify(list) });
  const text = await answer.text();
  expect(answer.status, text).toBe(200);
  return { said: JSON.parse(text) as Seen, received };
}

const given = { traceparent: `00-${TRACE}-${PARENT}-03`, tracestate: STATE, baggage: "user=1" };
const ours = new RegExp(`^00-${TRACE}-(?!${PARENT})[0-9a-f]{16}-03$`);

test.each(["/", "/fetch", "/rpc", "/object"])(
  "%s: the trace reaches a server outside, with tracestate, without what is the mesh's own",
  async (path) => {
    const { received: calls } = await ask(path, given, 3);
    expect(calls).toHaveLength(3);
    for (const headers of calls) {
      expect(headers["traceparent"]).toMatch(ours);
      expect(headers["tracestate"]).toBe(STATE);
      expect(headers).not.toHaveProperty("heddle");
      expect(headers).not.toHaveProperty("baggage");
    }
    expect(new Set(calls.map((headers) => headers["traceparent"])).size).toBe(3);
  },
);

test("handlers see the trace in their headers at every hop, and no baggage from outside", async () => {
  const { said: first } = await ask("/", given);
  expect(first).toMatchObject({ traceparent: expect.stringMatching(ours), tracestate: STATE });
  expect(first).not.toHaveProperty("baggage");
  const { said } = await ask("/fetch", given);
  const { here, onward } = said as unknown as { here: Seen; onward: Seen };
  for (const hop of [here, onward])
    expect(hop).toMatchObject({ traceparent: expect.stringMatching(ours), tracestate: STATE });
  expect(new Set([first["traceparent"], here["traceparent"], onward["traceparent"]]).size).toBe(3);
});

test("what an application sets goes with the calls below: tracestate and baggage, not the trace", async () => {
  const set = {
    tracestate: "mine=1",
    baggage: "tenant=a~b|c",
    traceparent: `00-${"9".repeat(32)}-${PARENT}-01`,
  };
  const headers = encodeURIComponent(JSON.stringify(set));
  const { said, received: calls } = await ask(`/fetch?headers=${headers}`, given);
  const { here, onward } = said as unknown as { here: Seen; onward: Seen };
  for (const hop of [here, onward])
    expect(hop).toMatchObject({
      traceparent: expect.stringMatching(ours),
      tracestate: "mine=1",
      baggage: "tenant=a~b|c",
    });
  expect(calls[0]?.["tracestate"]).toBe("mine=1");
  expect(calls[0]).not.toHaveProperty("baggage");
});

test("a request handed on to the outside is continued, and the envelope stays here", async () => {
  const { received: calls } = await ask(`/forward?to=${encodeURIComponent(targetUrl())}`, given);
  expect(calls[0]?.["traceparent"]).toMatch(ours);
  expect(calls[0]?.["tracestate"]).toBe(STATE);
  expect(calls[0]).not.toHaveProperty("heddle");
});

test("a bad traceparent is none: a new trace, and no tracestate", async () => {
  const bad = { ...given, traceparent: given.traceparent.toUpperCase() };
  const { said, received: calls } = await ask("/fetch", bad);
  expect(calls[0]?.["traceparent"]).toMatch(/^00-(?!0af7)[0-9a-f]{32}-[0-9a-f]{16}-03$/);
  expect(calls[0]).not.toHaveProperty("tracestate");
  const { here } = said as unknown as { here: Seen };
  expect(here["traceparent"]?.slice(3, 35)).toBe(calls[0]?.["traceparent"]?.slice(3, 35));
});

test("egress.globalFetch: off leaves global fetch alone", async () => {
  await mesh.apply({
    apiVersion: "heddle.dev/v1",
    kind: "Mesh",
    metadata: { name: "test" },
    // Keys are made for a trust domain, and the Workers are woven for this one.
    spec: { trustDomain: "test.example", defaults: { egress: { globalFetch: "off" } } },
  });
  const { received: calls } = await ask("/", given);
  expect(calls[0]).not.toHaveProperty("traceparent");
});
