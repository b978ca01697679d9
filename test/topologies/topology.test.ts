// The generator of Workers from a topology, and its services called in this process.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { parse, parseAllDocuments } from "yaml";
import { afterAll, describe, expect, it } from "vitest";
import {
  answersOf,
  callsOf,
  failuresOf,
  hopsOf,
  type Journey,
  meansOf,
  traceIdsOf,
} from "./drive.ts";
import { createService, type HopRecord } from "./fixtures/service.ts";
import { tableOf, workloadsOf, writeTopology } from "./project.ts";
import { lineOf, meanCalls, readTopology } from "./topology.ts";

const topology = readTopology(path.join(import.meta.dirname, "own.json"));
const tmp = path.join(import.meta.dirname, "../../.heddle/tmp");
mkdirSync(tmp, { recursive: true });
const scratch = mkdtempSync(path.join(tmp, "topology-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

/** The services wired to each other in memory; `broken` ones throw. */
function wire(broken: readonly string[] = []): Record<string, { fetch: Fetch }> {
  const env: Record<string, { fetch: Fetch }> = {};
  for (const service of topology.services) {
    const versions = workloadsOf(service).map(({ version }) =>
      createService(tableOf(topology, service, version)),
    );
    let next = 0;
    env[service.name.toUpperCase()] = {
      fetch: async (url, init) => {
        if (broken.includes(service.name)) throw new Error("down");
        return await versions[next++ % versions.length]!.fetch(new Request(url, init), env);
      },
    };
  }
  return env;
}

async function journeys(times: number, broken: readonly string[] = []): Promise<Journey[]> {
  const env = wire(broken);
  const headers = { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };
  const made: Journey[] = [];
  for (let index = 0; index < times; index++) {
    const answer = await env["COUNTER"]!.fetch("http://counter/cloth/1", { headers });
    made.push({ user: "", status: answer.status, record: await answer.json<HopRecord>() });
  }
  return made;
}

describe("a topology", () => {
  it("names the request line of an endpoint", () => {
    expect(lineOf("GET /a/{id}/b")).toEqual({ method: "GET", path: "/a/1/b" });
    expect(lineOf("zadd pipeline")).toEqual({ method: "POST", path: "/zadd%20pipeline" });
    expect(lineOf("GET")).toEqual({ method: "POST", path: "/GET" });
  });

  it("adds up the calls of an endpoint", () => {
    expect([...meanCalls(topology, "counter", "GET /cloth/{id}")]).toEqual([
      ["counter>stock", 2],
      ["counter>opinion", 1],
      ["opinion>stars", 0.5],
    ]);
  });
});

describe("the generated services", () => {
  it("call what the table says, and answer with what they saw", async () => {
    const made = await journeys(10);
    expect(failuresOf(made)).toEqual([]);
    const [first] = made;
    expect(hopsOf(first!.record!).map((hop) => hop.service)).toEqual([
      "counter",
      "stock",
      "stock",
      "opinion",
    ]);
    expect(traceIdsOf(first!.record!)).toEqual(["0af7651916cd43dd8448eb211c80319c"]);
    expect(meansOf(made).get("opinion>stars")).toEqual({ mean: 0.5, error: 0.5 / Math.sqrt(10) });
    expect(meansOf(made).get("counter>stock")).toEqual({ mean: 2, error: 0 });
    expect(answersOf(made, "opinion").get("v2")).toBe(5);
  });

  it("degrade where the topology says so, having tried again, and fail where not", async () => {
    const [degraded] = await journeys(1, ["opinion"]);
    expect(degraded!.status).toBe(200);
    const call = callsOf(degraded!.record!).find((one) => one.to === "opinion");
    expect(call).toMatchObject({ status: 0, tries: 2, record: null });
    expect(failuresOf([degraded!])).toHaveLength(1);
    const [failed] = await journeys(1, ["stock"]);
    expect(failed!.status).toBe(502);
  });
});

describe("the generated project", () => {
  writeTopology(scratch, topology, { join: { stock: "relay", stars: "hand" } });
  const read = (file: string): string => readFileSync(path.join(scratch, file), "utf8");

  it("lists every version as a Worker, and how it joins", () => {
    const mesh = parse(read("mesh.yaml")) as { spec: { workers: unknown[] } };
    const at = (name: string) => ({ path: `workers/${name}`, name, namespace: "weavery" });
    expect(mesh.spec.workers).toEqual([
      at("counter"),
      { ...at("stock"), join: "relay" },
      at("opinion-v1"),
      at("opinion-v2"),
      { ...at("stars"), join: "hand" },
    ]);
  });

  it("splits versions by a route on the service, and lets users in by host", () => {
    const resources = parseAllDocuments(read("resources/topology.yaml")).map(
      (one) =>
        one.toJS() as { kind: string; metadata: { name: string }; spec: { rules?: unknown[] } },
    );
    expect(resources.map((one) => `${one.kind} ${one.metadata.name}`)).toEqual([
      "Service opinion",
      "HTTPRoute opinion",
      "Gateway entry",
      "HTTPRoute entry-counter",
    ]);
    expect(resources[1]!.spec.rules).toEqual([
      {
        backendRefs: [
          { name: "opinion-v1", port: 80, weight: 1 },
          { name: "opinion-v2", port: 80, weight: 1 },
        ],
      },
    ]);
  });

  it("binds each Worker to what it calls, and to nothing of a mesh unless by hand", () => {
    expect(JSON.parse(read("workers/counter/wrangler.json"))).toMatchObject({
      services: [
        { binding: "STOCK", service: "stock" },
        { binding: "OPINION", service: "opinion" },
      ],
    });
    expect(read("workers/counter/src/index.ts")).not.toContain("heddle");
    expect(read("workers/stars/src/index.ts")).toContain('import { mesh } from "heddle"');
  });
});
