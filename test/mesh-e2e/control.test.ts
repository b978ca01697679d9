// Control and the objects' Worker from their own wrangler files: the API over HTTP, and what Workers get over bindings.
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { createTestHarness } from "wrangler";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JoinReply } from "../../mesh/contract/join.ts";
import type { PulseReply } from "../../mesh/contract/pulse.ts";
import { importTableKey, openTable } from "../../mesh/identity/table.ts";

const root = `${import.meta.dirname}/../..`;
const TOKEN = "test-token";

/** A Worker of the mesh that does over its bindings what the request says. */
const CALLER = `export default {
  async fetch(request, env) {
    const { binding, method, argument } = await request.json();
    const reply = await env[binding][method](argument);
    if (reply.table) reply.table = Array.from(reply.table);
    return Response.json(reply);
  },
};`;

function writeCaller(): string {
  mkdirSync(`${root}/.heddle/tmp`, { recursive: true });
  const folder = mkdtempSync(`${root}/.heddle/tmp/control-`);
  writeFileSync(`${folder}/caller.js`, CALLER);
  const props = JSON.stringify({ heddle: { workload: "default/caller" } });
  const config = {
    name: "caller",
    main: "caller.js",
    compatibility_date: "2026-10-20",
    send_metrics: false,
    services: [
      {
        binding: "HEDDLE",
        service: "heddle-control",
        entrypoint: "Workload",
        props: JSON.parse(props),
      },
      {
        binding: "PULSE",
        service: "heddle-objects",
        entrypoint: "Pulse",
        props: JSON.parse(props),
      },
      { binding: "BARE", service: "heddle-control", entrypoint: "Workload" },
    ],
  };
  writeFileSync(`${folder}/wrangler.json`, JSON.stringify(config));
  return `${folder}/wrangler.json`;
}

const server = createTestHarness({
  root,
  workers: [
    {
      configPath: "control/wrangler.toml",
      secrets: { HEDDLE_TOKEN: TOKEN },
      vars: { HEDDLE_PUBLISH_GAP_MS: "0" },
    },
    { configPath: "durable-objects/wrangler.toml", secrets: { HEDDLE_KEK: "A".repeat(43) } },
    { configPath: writeCaller() },
  ],
});
beforeAll(async () => {
  await server.listen();
});
afterAll(() => server.close());

async function ask(method: string, path: string, body?: unknown, token = TOKEN) {
  const response = await server.fetch(`http://control.test${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const type = response.headers.get("content-type") ?? "";
  return { status: response.status, type, body: /json/.test(type) ? JSON.parse(text) : text };
}

async function call<T>(binding: string, method: string, argument: unknown): Promise<T> {
  const response = await server.getWorker("caller").fetch("http://caller.test/", {
    method: "POST",
    body: JSON.stringify({ binding, method, argument }),
  });
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as T;
}

const service = (name: string, spec: object = {}) => ({
  apiVersion: "heddle.dev/v1",
  kind: "Service",
  metadata: { name },
  spec,
});

describe("the API", () => {
  it("is alive and ready without a token, and closed without one otherwise", async () => {
    expect((await ask("GET", "/livez", undefined, "")).status).toBe(200);
    expect((await ask("GET", "/readyz", undefined, "")).status).toBe(200);
    const refused = await ask("GET", "/v1/version", undefined, "wrong");
    expect(refused).toMatchObject({ status: 401, type: "application/problem+json" });
    expect(refused.body).toMatchObject({ status: 401, errors: [] });
    expect((await ask("GET", "/v1/nothing")).status).toBe(404);
  });

  it("applies, reads back, and deletes", async () => {
    const applied = await ask("POST", "/v1/apply", { documents: [service("a"), service("b")] });
    expect(applied.body).toMatchObject({
      results: [{ kind: "Service", namespace: "default", name: "a", verdict: "created" }, {}],
      warnings: [],
    });
    const { version } = applied.body;
    expect((await ask("GET", "/v1/version")).body).toMatchObject({
      version: "0.1.0",
      table: version,
    });
    const read = await ask("GET", "/v1/resources/SVC/default/a");
    expect(read.body).toMatchObject({ kind: "Service", metadata: { name: "a", generation: 1 } });
    expect(read.body.status.conditions[0]).toMatchObject({ type: "Accepted", status: "True" });
    expect((await ask("GET", "/v1/resources?kind=services")).body.items).toHaveLength(2);
    expect((await ask("GET", "/v1/resources?namespace=other")).body.items).toEqual([]);
    const deleted = await ask("POST", "/v1/delete", { refs: [{ kind: "service", name: "b" }] });
    expect(deleted.body.results).toMatchObject([{ verdict: "deleted" }]);
    expect((await ask("GET", "/v1/resources/service/default/b")).status).toBe(404);
    expect((await ask("GET", "/v1/resources/servce/default/b")).body.detail).toContain(
      'mean "Service"',
    );
  });

  it.each([
    ["no JSON", "POST", "/v1/apply", "{", 400],
    ["a field too many", "POST", "/v1/apply", { documents: [service("x")], dryrun: true }, 422],
    ["an invalid document", "POST", "/v1/apply", { documents: [{}] }, 422],
    ["a version that is none", "GET", "/v1/convergence?version=x", undefined, 400],
  ] as const)("answers %s with a problem", async (_name, method, path, body, status) => {
    const answer = await ask(method, path, body);
    expect(answer).toMatchObject({ status, type: "application/problem+json" });
    expect(answer.body.type).toMatch(/^https:\/\/heddle\.dev\/problems\//);
  });

  it("keeps the Mesh outside of namespaces", async () => {
    const mesh = { apiVersion: "heddle.dev/v1", kind: "Mesh", metadata: { name: "m" }, spec: {} };
    await ask("POST", "/v1/apply", { documents: [mesh] });
    const { body } = await ask("GET", "/v1/resources/mesh/_/m");
    expect(body.metadata.namespace).toBeUndefined();
    expect(body.status.defaults.identity).toEqual({ level: "session" });
  });

  it("writes addresses beside the rest of a Gateway's status", async () => {
    const gateway = {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "Gateway",
      metadata: { name: "gate" },
      spec: { listeners: [{ name: "http", port: 80, protocol: "HTTP" }] },
    };
    await ask("POST", "/v1/apply", { documents: [gateway] });
    const addresses = [{ type: "Hostname", value: "127.0.0.1:41001", listenerPort: 80 }];
    const put = await ask("PUT", "/v1/addresses", {
      gateways: [
        { gateway: "default/gate", addresses },
        { gateway: "default/gone", addresses: [] },
      ],
    });
    expect(put.body).toEqual({ gateways: 2, missing: ["default/gone"] });
    await ask("POST", "/v1/apply", { documents: [service("after")] });
    const { body } = await ask("GET", "/v1/resources/gateway/default/gate");
    expect(body.status).toMatchObject({ addresses, listeners: [{ name: "http" }] });
  });

  it("registers Workers", async () => {
    const workloads = [{ workload: "default/caller", woven: true, bound: ["default/callee"] }];
    await ask("PUT", "/v1/workloads", {
      workloads: [...workloads, { workload: "x/gone", woven: false }],
    });
    await ask("PUT", "/v1/workloads", { workloads });
    await ask("POST", "/v1/workloads", {
      workloads: [{ workload: "default/callee", woven: true }],
    });
    const { body } = await ask("GET", "/v1/workloads");
    expect(body.workloads.map(({ workload }: { workload: string }) => workload)).toEqual([
      "default/callee",
      "default/caller",
    ]);
  });
});

describe("over bindings", () => {
  it("join gives keys and a table, pulse the newest version, and convergence counts both", async () => {
    const joined = await call<JoinReply>("HEDDLE", "join", { format: 1, isolate: "i1", have: 0 });
    const key = await importTableKey((await ask("GET", "/v1/key")).body);
    const bytes = new Uint8Array(joined.table as unknown as number[]);
    const opened = await openTable(bytes, key!, 0);
    expect(opened).toMatchObject({ ok: true });
    expect(joined.workload).toBe("default/caller");
    expect(joined.keys.pairs["default/callee"]).toHaveLength(3);

    const { version } = (await ask("POST", "/v1/apply", { documents: [service("late")] })).body;
    const report = { format: 1, isolate: "i1", sequence: 1, version: joined.version, nack: null };
    const pulse = await call<PulseReply>("PULSE", "report", report);
    expect(pulse).toMatchObject({ acknowledged: 1, newest: version });
    const before = await ask("GET", `/v1/convergence?version=${version}`);
    expect(before.body).toMatchObject({ inUse: false, newest: version });

    const again = await call<JoinReply>("HEDDLE", "join", {
      format: 1,
      isolate: "i1",
      have: joined.version,
    });
    expect(again.version).toBe(version);
    await call<PulseReply>("PULSE", "report", { ...report, sequence: 2, version });
    await expect
      .poll(async () => (await ask("GET", "/v1/convergence")).body, { timeout: 5000 })
      .toMatchObject({ inUse: true, pending: [], acknowledged: [{ isolate: "i1" }] });
  });

  it("a binding without props is nobody", async () => {
    await expect(call("BARE", "join", { format: 1, isolate: "i", have: 0 })).rejects.toThrow(
      "props",
    );
  });

  it("a revocation reaches join and pulse", async () => {
    const { body } = await ask("POST", "/v1/revoke", { kind: "subject", value: "default/caller" });
    expect(body.revocations).toMatchObject([{ value: "default/caller" }]);
    await expect
      .poll(() => call<JoinReply>("HEDDLE", "join", { format: 1, isolate: "i2", have: 0 }), {
        timeout: 3000,
      })
      .toMatchObject({ keys: { audience: [], pairs: {} } });
    const report = { format: 1, isolate: "i3", sequence: 1, version: 0, nack: null };
    await expect
      .poll(() => call<PulseReply>("PULSE", "report", report), {
        timeout: 3000,
        interval: 300,
      })
      .toMatchObject({ revocations: [{ value: "default/caller" }] });
  });

  it("gives weaving what goes beside a Worker", async () => {
    const { body } = await ask("GET", "/v1/weave/default/callee");
    expect(body).toMatchObject({ workload: "default/callee", mesh: "m", seed: { kid: "s1" } });
    expect(body.seed.audience.map(({ kid }: { kid: string }) => kid)).toEqual(["s1", "s2", "s3"]);
    expect((await ask("GET", "/v1/table")).type).toBe("application/octet-stream");
  });
});
