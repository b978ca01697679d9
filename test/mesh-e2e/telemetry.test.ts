// What was counted is what happened: the figures of `heddle stat` beside the ledgers of the Workers that called and were
// called, while pulses get lost.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Edge, Golden, Stat } from "../../mesh/contract/api.ts";
import { startMesh, type Mesh } from "../../mesh/testing.ts";
import { readOtlp, type ReadSpan } from "../mesh/otlp-schema.ts";

const CALLS = process.env["HEDDLE_LONG"] ? 100_000 : 2000;
const PER_REQUEST = 20;
const AT_ONCE = 4;

interface Attempts {
  readonly attempts: number;
  readonly errors: number;
}
interface Seen {
  readonly calls: number;
  readonly errors: number;
  readonly refusals: Readonly<Record<string, number>>;
}

const script = (name: string): string =>
  readFileSync(`${import.meta.dirname}/fixtures/ledger/${name}.ts`, "utf8");

const route = (name: string, parent: object, rules: object): object => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  metadata: { name },
  spec: { parentRefs: [parent], rules: [rules] },
});
const to = (path: string, name: string): object => ({
  matches: [{ path: { type: "PathPrefix", value: path } }],
  backendRefs: [{ name, port: 80 }],
});
const RESOURCES: readonly object[] = [
  {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "Gateway",
    metadata: { name: "entry" },
    spec: {
      gatewayClassName: "heddle",
      listeners: [{ name: "http", port: 80, protocol: "HTTP" }],
    },
  },
  ...["front", "cart", "pay"].map((name) => ({
    ...route(`to-${name}`, { name: "entry" }, to("/", name)),
    spec: {
      parentRefs: [{ name: "entry" }],
      hostnames: [`${name}.test`],
      rules: [to("/", name)],
    },
  })),
  // What it does not match is refused: no_route.
  route(
    "items",
    { kind: "Service", group: "", name: "cart" },
    {
      ...to("/items", "cart"),
      retry: { attempts: 2, codes: [503], backoff: "1ms" },
    },
  ),
];

let mesh: Mesh;
const lines: string[] = [];
beforeAll(async () => {
  mesh = await startMesh({
    workers: {
      front: { script: script("front"), services: { CART: "cart", PAY: "pay" } },
      cart: { script: script("cart") },
      pay: { script: script("pay") },
    },
    resources: RESOURCES,
    log: (line) => void lines.push(line),
  });
});
afterAll(async () => await mesh?.close());

const ledgerOf = async <T>(name: string): Promise<T> =>
  (await (await mesh.fetch(`http://${name}.test/ledger`)).json()) as T;

const ask = (path: string, token = mesh.token): Promise<Response> =>
  fetch(`${mesh.control}${path}`, { headers: { authorization: `Bearer ${token}` } });
const stat = async (): Promise<Stat> => (await (await ask("/v1/stat?window=ever")).json()) as Stat;
const edge = ({ edges }: Stat, destination: string): Edge | undefined =>
  edges.find((one) => one.source === "default/front" && one.destination === destination);

async function callAll(): Promise<void> {
  const starts = Array.from({ length: CALLS / PER_REQUEST }, (_, index) => index * PER_REQUEST);
  const worker = async (): Promise<void> => {
    for (let from = starts.shift(); from !== undefined; from = starts.shift()) {
      const answer = await mesh.fetch(`http://front.test/?from=${from}&count=${PER_REQUEST}`);
      expect([answer.status, await answer.text()]).toEqual([200, "done"]);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** The access log's lines so far. */
const logged = (): Record<string, string>[] =>
  lines
    .filter((line) => line.includes('"side":'))
    .map((line) => JSON.parse(line.slice(line.indexOf("{"))) as Record<string, string>);

/** The durations that were counted, as the access log has them too. */
const durationsTo = (name: string): number[] =>
  logged()
    .filter(({ source, destination }) => source === "default/front" && destination === name)
    .map((line) => Number(line["duration_ms"]));

/** Exact value of nearest rank. */
const ranked = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.max(1, Math.ceil(share * values.length)) - 1] ?? 0;

function expectQuantiles(golden: Golden | null | undefined, durations: readonly number[]): void {
  const shares = [0.5, 0.95, 0.99];
  for (const [index, given] of [golden?.p50Ms, golden?.p95Ms, golden?.p99Ms].entries()) {
    const exact = ranked(durations, shares[index] ?? 0);
    expect(Math.abs((given ?? -1) - exact)).toBeLessThanOrEqual(exact * 0.025);
  }
}

function expectCart(said: Edge | undefined, seen: Seen, own: Attempts): void {
  const { effective, actual, refusals } = said ?? {};
  const refused = Object.values(seen.refusals).reduce((sum, count) => sum + count, 0);
  expect(refused).toBeGreaterThan(0);
  expect(actual?.retries).toBeGreaterThan(0);
  expect(refusals).toEqual(seen.refusals);
  expect(actual).toMatchObject({ errors: own.errors, retries: effective?.retries });
  expect(effective).toMatchObject({
    errors: seen.errors + refused,
    retries: own.attempts - (seen.calls - refused),
  });
}

function expectPay(said: Edge | undefined, seen: Seen, own: Attempts): void {
  expect(said).toMatchObject({
    refusals: {},
    effective: { errors: seen.errors },
    actual: { errors: own.errors, retries: 0 },
  });
  expect(own.errors).toBeGreaterThan(0);
}

describe("telemetry", { timeout: 1_200_000 }, () => {
  it("equals the ledgers of callers and callees, though pulses get lost", async () => {
    await withDefaults({ accessLog: "all" });
    await mesh.faults({ target: "pulse", mode: "down", share: 0.05 });
    await callAll();
    const front = await ledgerOf<{ cart: Seen; pay: Seen }>("front");
    const [cart, pay] = [await ledgerOf<Attempts>("cart"), await ledgerOf<Attempts>("pay")];
    await vi.waitFor(
      async () => {
        const said = await stat();
        expect(edge(said, "default/cart")?.effective?.count).toBe(front.cart.calls);
        expect(edge(said, "default/pay")?.effective?.count).toBe(front.pay.calls);
        expect(edge(said, "default/cart")?.actual?.count).toBe(cart.attempts);
        expect(edge(said, "default/pay")?.actual?.count).toBe(pay.attempts);
      },
      { timeout: 30_000, interval: 250 },
    );
    await mesh.faults({ target: "pulse", mode: "ok" });
    const said = await stat();
    expect(front.cart.calls + front.pay.calls).toBe(CALLS);
    expectCart(edge(said, "default/cart"), front.cart, cart);
    // Each call had a path of its own.
    expect(edge(said, "default/cart")?.routes).toHaveLength(2);
    expect(edge(said, "default/cart")?.endpoints).toHaveLength(1);
    expectPay(edge(said, "default/pay"), front.pay, pay);
    await vi.waitFor(() => expect(durationsTo("default/cart")).toHaveLength(front.cart.calls));
    await vi.waitFor(() => expect(durationsTo("default/pay")).toHaveLength(front.pay.calls));
    for (const name of ["default/cart", "default/pay"])
      expectQuantiles(edge(said, name)?.effective, durationsTo(name));
  });

  it("is neither lost nor counted twice by objects that restart, are evicted and overloaded", async () => {
    const before = edge(await stat(), "default/cart")?.effective?.count ?? 0;
    await mesh.faults({ target: "objects:Telemetry", mode: "overload", share: 0.3 });
    for (const mode of ["restart", "evict", "restart", "evict"] as const) {
      await mesh.faults({ target: "objects:Telemetry", mode });
      await mesh.fetch("http://front.test/?from=1&count=10");
    }
    const { cart, pay } = await ledgerOf<{ cart: Seen; pay: Seen }>("front");
    expect(cart.calls).toBeGreaterThan(before);
    await vi.waitFor(
      async () => {
        const said = await stat();
        expect(edge(said, "default/cart")?.effective?.count).toBe(cart.calls);
        expect(edge(said, "default/pay")?.effective?.count).toBe(pay.calls);
      },
      { timeout: 30_000, interval: 250 },
    );
    await mesh.faults({ target: "objects:Telemetry", mode: "ok" });
  });

  it("is scraped with a token only", async () => {
    expect((await ask("/metrics", "wrong")).status).toBe(401);
    const answer = await ask("/metrics");
    expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    const { calls } = (await ledgerOf<{ pay: Seen }>("front")).pay;
    const labels = 'source="default/front",destination="default/pay",route=""';
    expect(await answer.text()).toContain(
      `heddle_request_duration_seconds_count{${labels}} ${calls}\n`,
    );
  });

  it("logs one line for each call where the mesh says so", async () => {
    lines.length = 0;
    await mesh.fetch("http://front.test/?from=0&count=6");
    await vi.waitFor(() => expect(logged()).toHaveLength(7), { timeout: 10_000 });
    expect(
      logged()
        .map(({ side, source, destination }) => `${side} ${source} ${destination}`)
        .toSorted(),
    ).toEqual([
      "edge heddle/gateway default/front",
      ...Array.from({ length: 4 }, () => "outbound default/front default/cart"),
      ...Array.from({ length: 2 }, () => "outbound default/front default/pay"),
    ]);
    expect(new Set(logged().map((line) => line["trace_id"])).size).toBe(1);
    await withDefaults({ accessLog: "off" });
    lines.length = 0;
    await mesh.fetch("http://front.test/?from=0&count=6");
    expect(logged()).toEqual([]);
  });

  it("is off where a kill switch says so", async () => {
    await withSpec({ bypass: [{ feature: "telemetry", service: "default/cart" }] });
    const [cart, pay] = ["default/cart", "default/pay"] as const;
    const before = await stat();
    await mesh.fetch("http://front.test/?from=0&count=6");
    const { calls } = (await ledgerOf<{ pay: Seen }>("front")).pay;
    await vi.waitFor(async () => expect(edge(await stat(), pay)?.effective?.count).toBe(calls), {
      timeout: 20_000,
      interval: 250,
    });
    const after = edge(await stat(), cart);
    expect(after?.effective?.outcomes).toEqual(edge(before, cart)?.effective?.outcomes);
    expect(after?.actual?.outcomes).toEqual(edge(before, cart)?.actual?.outcomes);
    await withSpec({ bypass: [] });
  });

  it("sends spans of calls and attempts to a collector, connected over hops", async () => {
    const spans: ReadSpan[] = [];
    const collector = createServer((request, response) => {
      void text(request).then((body) => {
        spans.push(...readOtlp(body));
        response.end("{}");
      });
    });
    await new Promise<void>((done) => collector.listen(0, "127.0.0.1", done));
    const { port } = collector.address() as AddressInfo;
    try {
      await withDefaults({ tracing: { otlpUrl: `http://127.0.0.1:${port}/v1/traces` } });
      const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
      await mesh.fetch("http://front.test/?from=2&count=2", { headers: { traceparent } });
      const own = () => spans.filter(({ traceId }) => traceparent.includes(traceId));
      // The edge and front, cart and pay: a call and an attempt each; cart may have been tried again.
      await vi.waitFor(() => expect(own().length).toBeGreaterThanOrEqual(6), { timeout: 20_000 });
      const [root] = own().filter(({ kind }) => kind === 2);
      expect(root).toMatchObject({
        parentSpanId: "b7ad6b7169203331",
        name: "GET",
        resource: { "service.name": "gateway", "cloud.platform": "cloudflare.workers" },
        attributes: { "http.response.status_code": "200", "server.address": "default/front" },
      });
      const childOf = (parent: ReadSpan | undefined) =>
        own().filter(({ parentSpanId }) => parentSpanId === parent?.spanId);
      const [attempt] = childOf(root);
      expect(attempt).toMatchObject({ kind: 3, attributes: { "mesh.endpoint": "default/front" } });
      const below = childOf(attempt);
      expect(below.map(({ kind, name }) => `${kind} ${name}`).toSorted()).toEqual([
        "1 GET",
        "1 default/charge",
      ]);
      for (const call of below) expect(childOf(call).length).toBeGreaterThanOrEqual(1);
      const pay = below.find(({ name }) => name === "default/charge");
      expect(pay?.attributes).toMatchObject({
        "rpc.system.name": "workers_rpc",
        "rpc.method": "default/charge",
      });
    } finally {
      collector.close();
      collector.closeAllConnections();
    }
  });
});

const withDefaults = (defaults: object): Promise<void> => withSpec({ defaults });

async function withSpec(more: object): Promise<void> {
  const { apiVersion, kind, metadata, spec } = await mesh.get("mesh", "test");
  await mesh.apply([
    { apiVersion, kind, metadata: { name: metadata.name }, spec: { ...spec, ...more } },
  ]);
}
