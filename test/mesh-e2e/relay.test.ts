// Workers that cannot be woven: every way between woven, by hand and behind the relay is as good as a plain binding.
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { stringify } from "yaml";
import type { Stat } from "../../mesh/contract/api.ts";
import { startDev, type DevMesh } from "../../cli/dev/dev.ts";
import { closeConnections, send } from "../conformance/meshconf/wire.ts";

const FIXTURES = path.join(import.meta.dirname, "fixtures/relay");
/** Callees by how they join; `strict` is woven and asks for more than the relay can show. */
const CALLEES = { woven: "woven", plain: "relay", hand: "hand", strict: "woven" } as const;
const CALLERS = { front: "woven", old: "relay" } as const;
const OPEN = ["woven", "plain", "hand"] as const;
const TRACE = "0af7651916cd43dd8448eb211c80319c";

let folder = "";
let mesh: DevMesh;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "heddle-relay-"));
  writeProject();
  mesh = await startDev({ project: folder, port: 0, controlPort: 0, log: () => undefined });
});
afterAll(async () => {
  closeConnections();
  await mesh?.close();
  rmSync(folder, { recursive: true, force: true });
});

function writeProject(): void {
  for (const [name, join] of Object.entries(CALLEES)) {
    const main =
      join === "hand"
        ? `import { mesh } from "heddle";\nimport { Service } from "./service.ts";\nexport default mesh(Service);\n`
        : `export { Service as default } from "./service.ts";\n`;
    writeWorker(name, main, "service.ts", []);
  }
  const services = Object.keys(CALLEES).map((service) => ({ binding: service, service }));
  for (const name of Object.keys(CALLERS))
    writeWorker(name, `export { default } from "./caller.ts";\n`, "caller.ts", services);
  const workers = Object.entries({ ...CALLEES, ...CALLERS }).map(([name, join]) => ({
    path: `workers/${name}`,
    ...(join === "woven" ? {} : { join }),
    ...(name === "old" ? { tag: "v1" } : {}),
  }));
  const spec = { trustDomain: "relay.example", workers, resources: ["resources.yaml"] };
  const metadata = { name: "relay" };
  writeFileSync(
    path.join(folder, "mesh.yaml"),
    stringify({ apiVersion: "heddle.dev/v1", kind: "Mesh", metadata, spec }),
  );
  const documents = [STRICT, ENTRY, ...Object.keys(CALLERS).map(routeTo)];
  const text = documents.map((one) => stringify(one)).join("---\n");
  writeFileSync(path.join(folder, "resources.yaml"), text);
}

function writeWorker(name: string, main: string, source: string, services: object[]): void {
  const at = path.join(folder, "workers", name);
  mkdirSync(at, { recursive: true });
  cpSync(path.join(FIXTURES, source), path.join(at, source));
  writeFileSync(path.join(at, "index.ts"), main);
  const config = { name, main: "index.ts", compatibility_date: "2026-10-20", services };
  writeFileSync(path.join(at, "wrangler.json"), JSON.stringify(config));
}

const GATEWAY_API = "gateway.networking.k8s.io/v1";
const STRICT = {
  apiVersion: "heddle.dev/v1",
  kind: "Service",
  metadata: { name: "strict" },
  spec: { identity: { level: "request" } },
};
const ENTRY = {
  apiVersion: GATEWAY_API,
  kind: "Gateway",
  metadata: { name: "entry" },
  spec: { gatewayClassName: "heddle", listeners: [{ name: "http", port: 80, protocol: "HTTP" }] },
};
const routeTo = (name: string) => ({
  apiVersion: GATEWAY_API,
  kind: "HTTPRoute",
  metadata: { name },
  spec: {
    parentRefs: [{ name: "entry" }],
    hostnames: [`${name}.test`],
    rules: [{ backendRefs: [{ name, port: 80 }] }],
  },
});

async function ask(caller: string, callee: string, probe: string): Promise<unknown> {
  const answer = await send({
    address: new URL(mesh.ready.gateway).host,
    method: "GET",
    target: `/${callee}/${probe}`,
    headers: [
      ["Host", `${caller}.test`],
      ["traceparent", `00-${TRACE}-b7ad6b7169203331-01`],
    ],
  });
  return JSON.parse(answer.body) as unknown;
}

async function counts(workload: string): Promise<Readonly<Record<string, number>>> {
  const headers = { authorization: `Bearer ${mesh.ready.token}` };
  const answer = await fetch(`${mesh.ready.control}/dev/mesh`, { headers });
  const { workers } = (await answer.json()) as {
    workers: Record<string, Record<string, number>>;
  };
  return workers[workload] ?? {};
}

const WAYS = Object.keys(CALLERS).flatMap((caller) =>
  OPEN.map((callee) => [caller, callee] as const),
);

describe.each(WAYS)("%s calls %s", (caller, callee) => {
  it.each<[string, unknown]>([
    ["method", { value: 5 }],
    ["getter", { value: "seven" }],
    ["nested", { value: 4 }],
    ["pipeline", { value: 7 }],
    ["stub", { value: 3 }],
    ["callback", { value: 60 }],
    ["stream", { value: "streamed" }],
    ["error", { error: "RangeError: on purpose" }],
    ["unknown", { error: 'TypeError: The RPC receiver does not implement the method "nothing".' }],
  ])("%s", async (probe, expected) => {
    expect(await ask(caller, callee, probe)).toEqual(expected);
  });

  it("fetch, with its trace and without anybody's proof", async () => {
    const seen = {
      method: "POST",
      url: "http://some.host/a/b?c=d",
      body: "hello",
      own: "kept",
      trace: TRACE,
      sawProof: callee !== "plain",
    };
    expect(await ask(caller, callee, "fetch")).toEqual({ value: [201, "yes", seen] });
  });
});

describe("identity", () => {
  it("of both is the caller's own, not the relay's", async () => {
    const woven = await counts("default/woven");
    const hand = await counts("default/hand");
    const relay = await counts("heddle/relay");
    for (const of of [woven, hand]) {
      const to = of === woven ? "default/woven" : "default/hand";
      expect(
        Object.keys(of)
          .filter((key) => key.startsWith("call|inbound"))
          .sort(),
      ).toEqual([
        `call|inbound|default/front|${to}|ok`,
        `call|inbound|default/front|${to}|upstream_threw`,
        `call|inbound|default/old|${to}|ok`,
        `call|inbound|default/old|${to}|upstream_threw`,
      ]);
    }
    // Nobody but who was verified reached the relay: the woven caller, and the gateway on its way to the plain one.
    const into = Object.keys(relay).filter((key) => key.startsWith("call|inbound"));
    expect(new Set(into.map((key) => key.split("|")[2]))).toEqual(
      new Set(["default/front", "heddle/gateway"]),
    );
  });

  it.each(["front", "old"])("counts each call of %s once, relay or not", async (caller) => {
    const counted = async (): Promise<readonly number[]> => {
      const headers = { authorization: `Bearer ${mesh.ready.token}` };
      const answer = await fetch(`${mesh.ready.control}/v1/stat?window=ever`, { headers });
      const { edges } = (await answer.json()) as Stat;
      const own = edges.filter(({ source }) => source === `default/${caller}`);
      const [plain] = own.filter(({ destination }) => destination === "default/plain");
      return [plain?.effective?.count ?? 0, plain?.actual?.count ?? 0];
    };
    // What the tests before have called may not have been told yet.
    let [calls, attempts] = [-1, -1];
    await vi.waitFor(
      async () => {
        const before = [calls, attempts];
        [calls = -1, attempts = -1] = await counted();
        expect([calls, attempts]).toEqual(before);
      },
      { timeout: 20_000, interval: 2000 },
    );
    for (let call = 0; call < 3; call++) await ask(caller, "plain", "method");
    await vi.waitFor(async () => expect(await counted()).toEqual([calls + 3, attempts + 3]), {
      timeout: 20_000,
      interval: 250,
    });
  });

  it("bound to the request is more than the relay can show", async () => {
    expect(await ask("front", "strict", "method")).toEqual({ value: 5 });
    const refused = await ask("old", "strict", "method");
    expect(refused).toEqual({ error: expect.stringContaining("via_relay_refused") as string });
  });

  it("does not speak for a version that is revoked", async () => {
    const revoke = async (tag: string): Promise<void> => {
      const answer = await fetch(`${mesh.ready.control}/v1/revoke`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${mesh.ready.token}`,
          "content-type": "application/json",
        },
        body: JSON.stringify({ kind: "version", value: `default/old@${tag}` }),
      });
      expect(answer.status).toBe(200);
    };
    await revoke("v0");
    expect(await ask("old", "woven", "method")).toEqual({ value: 5 });
    await revoke("v1");
    const refused = { error: expect.stringContaining("revoked") as string };
    for (const callee of OPEN)
      await vi.waitFor(async () => expect(await ask("old", callee, "method")).toEqual(refused), {
        timeout: 4000,
        interval: 50,
      });
    expect(await ask("front", "woven", "method")).toEqual({ value: 5 });
  });
});
