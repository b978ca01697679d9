// Identity levels, set by resources: each works for `fetch` and RPC, and a revoked caller is out within seconds.
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { IDENTITY_LEVELS, type IdentityLevel } from "../../mesh/contract/identity.ts";
import type { Answer } from "../conformance/meshconf/answer.ts";
import { inParallel, type Mesh, startProject } from "./mesh.ts";
import { meshOf, serviceOf } from "./project.ts";

let mesh: Mesh;
beforeAll(async () => {
  mesh = await startProject("levels");
}, 60_000);
afterAll(async () => await mesh?.close());

const vaultAt = (level: IdentityLevel) => serviceOf("vault", { identity: { level } });

async function apply(...documents: Parameters<Mesh["apply"]>[0]): Promise<void> {
  expect(await mesh.apply(documents, "--wait")).toMatchObject({ code: 0, err: "" });
}

const ask = (path: string, method = "GET", body?: string): Promise<Answer> =>
  mesh.ask({ caller: "front", path, method, ...(body === undefined ? {} : { body }) });

/** Every way to call a service, several times: proofs are made anew and, where they may be, used again. */
async function expectGood(service: string): Promise<void> {
  for (const _ of [1, 2, 3]) {
    expect(await ask(`/${service}/`)).toMatchObject({ status: 200, body: service });
    expect(await ask(`/rpc/${service}-methods/who?arg=`)).toMatchObject({
      status: 200,
      body: JSON.stringify({ value: service }),
    });
  }
  const seen = await ask(`/${service}/seen/a%2Fb?x=1&y=%20`, "POST", "thread");
  expect(JSON.parse(seen.body)).toMatchObject({ name: service, method: "POST", body: "thread" });
  const long = "x".repeat(100_000);
  const echoed = await ask(`/${service}/seen`, "PUT", long);
  expect((JSON.parse(echoed.body) as { body: string }).body).toBe(long);
  const burst = await ask(`/burst/20/${service}/`);
  expect(JSON.parse(burst.body)).toEqual(Array.from({ length: 20 }, () => [200, service]));
  // User code sees the one header of docs/transparency.md, and nothing of the mesh leaves by the edge.
  const { headers } = JSON.parse(seen.body) as { headers: Record<string, string> };
  expect(Object.keys(headers).filter((name) => name.includes("heddle"))).toEqual(["heddle"]);
  const outside = seen.headers.map(([name]) => name.toLowerCase());
  expect(outside.filter((name) => name.startsWith("heddle"))).toEqual([]);
}

describe("identity levels", { timeout: 60_000 }, () => {
  afterEach(async () => await apply(meshOf(), vaultAt("session")));

  it.each(IDENTITY_LEVELS)("%s, of one service", async (level) => {
    await apply(vaultAt(level));
    await expectGood("vault");
    await expectGood("flaky");
  });

  it.each(IDENTITY_LEVELS)("%s, of the whole mesh", async (level) => {
    await apply(meshOf({ defaults: { identity: { level } } }));
    await expectGood("flaky");
  });

  it("strict goes on over a pause longer than its lease", async () => {
    await apply(vaultAt("strict"));
    await expectGood("vault");
    await sleep(2500);
    expect(await ask("/vault/")).toMatchObject({ status: 200 });
  });
});

describe("revoking a workload", { timeout: 60_000 }, () => {
  const statusOf = async (caller: string, path: string): Promise<number> =>
    (await mesh.ask({ caller, path })).status;
  const PATHS = ["/vault/", "/echo/", "/rpc/vault-methods/who?arg="];

  it("stops it within the lease and 2 s, and nobody else", async () => {
    await mesh.apply([vaultAt("request")], "--wait");
    for (const path of PATHS) expect(await statusOf("other", path)).toBe(200);
    await mesh.control("POST /v1/revoke", { kind: "subject", value: "default/other" });
    const endMs = performance.now() + 4000;
    let statuses: number[] = [];
    do {
      statuses = await Promise.all(PATHS.map((path) => statusOf("other", path)));
      await sleep(100);
    } while (statuses.includes(200) && performance.now() < endMs);
    expect(statuses).toEqual([401, 401, 500]);

    const refused = await mesh.ask({ caller: "other", path: "/vault/" });
    expect(JSON.parse(refused.body)).toMatchObject({ reason: "revoked", status: 401 });
    const thrown = await mesh.ask({ caller: "other", path: PATHS[2]! });
    expect(JSON.parse(thrown.body)).toMatchObject({
      error: { name: "HeddleError", reason: "revoked" },
    });
    const others = await inParallel(40, 4, () => statusOf("front", "/vault/"));
    expect(new Set(others)).toEqual(new Set([200]));
    // Cold, it is out from its first call on.
    await mesh.fault("isolate:default/other", "restart");
    for (const path of PATHS) expect(await statusOf("other", path)).not.toBe(200);
  });

  it("spreads within 5 s to a strict destination, though control stops right after it was issued", async () => {
    await apply(vaultAt("strict"));
    for (const path of PATHS) expect(await statusOf("idle", path)).toBe(200);
    const binding = "default/idle>default/vault";
    await mesh.control("POST /v1/revoke", { kind: "binding", value: binding });
    await mesh.fault("control", "down");
    const endMs = performance.now() + 5000;
    while ((await statusOf("idle", "/vault/")) === 200 && performance.now() < endMs)
      await sleep(50);
    expect(await statusOf("idle", "/vault/")).toBe(401);
    expect(await statusOf("idle", "/flaky/")).toBe(200);
    expect(await statusOf("front", "/vault/")).toBe(200);
    if (process.env["HEDDLE_LONG"]) await expectRefusedWithoutObjects();
    await mesh.fault("control", "ok");
  });

  it("spreads by the table alone", async () => {
    expect(await statusOf("idle", "/flaky/")).toBe(200);
    // Nobody calls meanwhile, so nobody asks control for what it cannot say afterwards.
    await mesh.fault("pulse", "down");
    await mesh.control("POST /v1/revoke", { kind: "binding", value: "default/idle>default/flaky" });
    await mesh.fault("control", "down");
    const endMs = performance.now() + 5000;
    while ((await statusOf("idle", "/flaky/")) === 200 && performance.now() < endMs)
      await sleep(50);
    expect(await statusOf("idle", "/flaky/")).toBe(401);
    expect(await statusOf("front", "/flaky/")).toBe(200);
    for (const target of ["control", "pulse"]) await mesh.fault(target, "ok");
  });

  /** With nobody who could tell of revocations, strict destinations refuse within a minute, and no others. */
  async function expectRefusedWithoutObjects(): Promise<void> {
    await mesh.fault("objects", "down");
    const endMs = performance.now() + 60_000;
    while ((await statusOf("front", "/vault/")) === 200 && performance.now() < endMs)
      await sleep(500);
    expect(await statusOf("front", "/vault/")).toBe(503);
    expect(await statusOf("front", "/flaky/")).toBe(200);
    await mesh.fault("objects", "ok");
  }
});
