// The runner against a toy mesh in this process: a Node server that routes by the applied resources to echo backends.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import echoWorker from "./fixtures/echo.ts";
import type { DevMesh } from "./heddle.ts";
import { load } from "./load.ts";
import { NOT_APPLICABLE } from "./not-applicable.ts";
import { type Case, type CaseFile, toCaseFile } from "./meshconf/case-file.ts";
import type { Manifest } from "./meshconf/manifest.ts";
import { planMeshes } from "./meshconf/plan.ts";
import { type MeshState, runFile } from "./meshconf/run-file.ts";
import { closeConnections } from "./meshconf/wire.ts";
import { count } from "./results.ts";

interface Match {
  readonly path?: { readonly type: string; readonly value: string };
}
interface BackendRef {
  readonly name: string;
  readonly namespace?: string;
  readonly weight?: number;
}
interface RouteSpec {
  readonly hostnames?: readonly string[];
  readonly rules: readonly {
    readonly matches?: readonly Match[];
    readonly backendRefs: readonly BackendRef[];
  }[];
}

const applied = new Map<string, Manifest>();
const commands: string[] = [];
let refuses: string | null = null;

const server = createServer((request, response) => void answer(request, response));
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
afterAll(() => {
  closeConnections();
  server.close();
});

const specOf = (one: Manifest): RouteSpec => one.spec as unknown as RouteSpec;

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const rule = ruleFor(request.headers.host ?? "", request.url ?? "");
  const backend = rule === null ? null : pick(rule);
  if (backend === null) return void response.writeHead(rule === null ? 404 : 500).end();
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) headers.set(name, String(value));
  const { name, namespace = "loom" } = backend;
  const echoed = await echoWorker.fetch(
    new Request(`http://${request.headers.host}${request.url}`, {
      method: request.method!,
      headers,
    }),
    { NAMESPACE: namespace, SERVICE: name, POD: `${name}-0-1` },
  );
  response.writeHead(echoed.status, Object.fromEntries(echoed.headers)).end(await echoed.text());
}

function ruleFor(host: string, target: string): readonly BackendRef[] | null {
  const route = [...applied.values()].find((one) => one.kind === "HTTPRoute");
  if (route === undefined) return null;
  const isHost = specOf(route).hostnames?.includes(host.replace(/:\d+$/, "")) ?? true;
  return isHost ? bestRule(specOf(route), target.split("?")[0]!) : null;
}

/** Longest prefix wins, exact before all: enough for the toy. */
function bestRule(spec: RouteSpec, path_: string): readonly BackendRef[] | null {
  const score = ({ path: match = { type: "PathPrefix", value: "/" } }: Match): number => {
    if (match.type === "Exact") return match.value === path_ ? 1000 : -1;
    const prefix = match.value.replace(/\/$/, "");
    return path_ === prefix || path_.startsWith(`${prefix}/`) ? prefix.length : -1;
  };
  const scored = spec.rules.map((rule) => ({
    rule,
    score: Math.max(...(rule.matches ?? [{}]).map(score)),
  }));
  const best = scored.toSorted((a, b) => b.score - a.score)[0];
  return best !== undefined && best.score >= 0 ? best.rule.backendRefs : null;
}

function pick(refs: readonly BackendRef[]): BackendRef | null {
  const total = refs.reduce((sum, ref) => sum + (ref.weight ?? 1), 0);
  let left = Math.random() * total;
  const drawn = refs.find((ref) => (left -= ref.weight ?? 1) < 0) ?? null;
  const isForeign = drawn?.namespace !== undefined && drawn.namespace !== "loom";
  return isForeign && !isGranted() ? null : drawn;
}

const isGranted = (): boolean => [...applied.values()].some((one) => one.kind === "ReferenceGrant");

const keyOf = (one: Manifest): string =>
  `${one.kind}/${one.metadata.namespace}/${one.metadata.name}`;

function statusOf(one: Manifest): Record<string, unknown> {
  if (one.kind === "Gateway") {
    const addresses = [{ type: "Hostname", value: address, listenerPort: 80 }];
    return { addresses, listeners: [{ name: "web", attachedRoutes: 1 }] };
  }
  const isForeign = JSON.stringify(one.spec).includes('"dyers"');
  const refs = isForeign && !isGranted() ? "False" : "True";
  const conditions = [
    { type: "Accepted", status: "True", reason: "Accepted" },
    {
      type: "ResolvedRefs",
      status: refs,
      reason: refs === "True" ? "ResolvedRefs" : "RefNotPermitted",
    },
  ];
  return { parents: [{ parentRef: { name: "selvage" }, conditions }] };
}

const mesh: DevMesh = {
  ready: { gateway: `http://${address}`, control: "", dashboard: null, token: "" },
  logFile: "",
  importIstio: () => Promise.reject(new Error("not asked here")),
  apply: async (documents) => {
    if (refuses !== null) throw new Error(refuses);
    const manifests = documents as readonly Manifest[];
    commands.push(`apply ${manifests.map((one) => one.kind).join(" ")}`);
    for (const one of manifests) applied.set(keyOf(one), one);
  },
  remove: async (documents, wait) => {
    const manifests = documents as readonly Manifest[];
    commands.push(`delete${wait ? " --wait" : ""} ${manifests.map((one) => one.kind).join(" ")}`);
    for (const one of manifests) applied.delete(keyOf(one));
  },
  get: async (kind) => {
    const wanted = kind === "gateways" ? "Gateway" : kind;
    const found = [...applied.values()].filter((one) => one.kind === wanted);
    return { items: found.map((one) => ({ ...one, status: statusOf(one) })) };
  },
  stop: async () => {},
};

const files = load(path.join(import.meta.dirname, "cases"))
  .files.filter(({ schema }) => schema === "meshconf/1")
  .map((file) => toCaseFile(file.name, file.document));
const fileNamed = (name: string): CaseFile => files.find((file) => file.file === name)!;

let state: MeshState;
beforeEach(() => {
  const addresses = new Map<string, string>();
  applied.clear();
  commands.length = 0;
  refuses = null;
  state = {
    mesh,
    addresses,
    place: {
      plan: planMeshes(files)[0]!,
      driver: address,
      listener: (namespace, gateway, port) =>
        addresses.get(`${namespace}/${gateway}:${port}`) ?? "",
    },
    windowMs: 200,
    current: [],
    changedMs: 0,
  };
});

describe("runFile", () => {
  it("passes what the toy can do, target, Host and echo included", async () => {
    const { results } = await runFile(state, fileNamed("own-paths"));
    expect(results.filter((one) => one.verdict !== "passed")).toEqual([]);
    expect(count(results)).toEqual({ passed: 13, failed: 0, skipped: 0 });
  });

  it("reports what the toy cannot do, case by case", async () => {
    const { results } = await runFile(state, fileNamed("own-headers"));
    expect(count(results)).toEqual({ passed: 4, failed: 5, skipped: 0 });
  });

  it("keeps the order of operations, waits after a deletion, and checks the status behind it", async () => {
    const { results } = await runFile(state, fileNamed("own-grant"));
    expect(results.filter((one) => one.verdict !== "passed")).toEqual([]);
    expect(commands).toEqual([
      "apply Service Service Gateway HTTPRoute ReferenceGrant",
      "delete --wait ReferenceGrant",
    ]);
  });

  it("applies between two files only what differs", async () => {
    await runFile(state, fileNamed("own-paths"));
    await runFile(state, fileNamed("own-weights"));
    expect(commands).toEqual([
      "apply Service Service Service Gateway HTTPRoute",
      "delete HTTPRoute",
      "apply HTTPRoute",
    ]);
  });

  it("draws shares", async () => {
    const { results } = await runFile(state, fileNamed("own-weights"));
    expect(results.filter((one) => one.verdict !== "passed")).toEqual([]);
  });

  it("fails every case of a file that cannot be applied", async () => {
    refuses = "unknown kind GRPCRoute";
    const { results } = await runFile(state, fileNamed("own-weights"));
    expect(count(results)).toEqual({ passed: 0, failed: 5, skipped: 0 });
    expect(results[0]!.detail).toEqual(["unknown kind GRPCRoute"]);
  });

  it("skips cases that do not apply, but no status row, and counts what is disputed as skipped", async () => {
    const paths = fileNamed("own-paths");
    const h2c = await runFile(state, { ...paths, drive: "h2c" });
    expect(count(h2c.results)).toEqual({ passed: 3, failed: 0, skipped: 10 });
    expect(h2c.results.at(-1)?.detail).toEqual([NOT_APPLICABLE["h2c"]]);
    const [step, ...others] = paths.steps as readonly Case[];
    const overTls = { ...step!, via: { ...step!.via, scheme: "https" } };
    const tls = await runFile(state, { ...paths, drive: "tls", steps: [overTls, ...others] });
    expect(count(tls.results)).toEqual({ passed: 12, failed: 0, skipped: 1 });
    expect(Object.keys(NOT_APPLICABLE)).toEqual(["tls", "h2c"]);
    const disputed = paths.steps.map((step) => ({ ...step, disputed: true }));
    const seen = count((await runFile(state, { ...paths, steps: disputed })).results);
    expect(seen).toEqual({ passed: 3, failed: 0, skipped: 10 });
  });

  it("fails a case with a member it does not know, and one of another scheme", async () => {
    const paths = fileNamed("own-paths");
    const [step] = paths.steps;
    const via = { ...(step as { via: object }).via, scheme: "https" };
    const steps = [
      { ...step!, shiny: 1 },
      { ...step!, via },
    ] as CaseFile["steps"];
    const { results } = await runFile(state, { ...paths, status: [], steps });
    expect(results.map((one) => one.detail)).toEqual([
      ["this runner does not know shiny of a case"],
      ["scheme https is not driven"],
    ]);
  });
});

describe("the echo backend", () => {
  const env = { NAMESPACE: "loom", SERVICE: "bobbin", POD: "bobbin-0-1" };
  const fetch = (target: string, init?: RequestInit): Promise<Response> =>
    echoWorker.fetch(new Request(`http://cloth.example${target}`, init), env);

  it("echoes target, host, method and headers", async () => {
    const answered = await fetch("/a%2Fb?c=d", { headers: { "X-One": "1" } });
    expect(await answered.json()).toMatchObject({
      path: "/a%2Fb?c=d",
      host: "cloth.example",
      method: "GET",
      headers: { "x-one": ["1"] },
      pod: "bobbin-0-1",
    });
  });

  it("sets the headers it is asked to set, and answers the status in the path", async () => {
    const headers = { "X-Echo-Set-Header": "X-A:1,X-B:2, 3,X-C:a:b" };
    const answered = await fetch("/status/418", { headers });
    expect(answered.status).toBe(418);
    expect(answered.headers.get("x-a")).toBe("1");
    expect(answered.headers.get("x-b")).toBe("2, 3");
    expect(answered.headers.get("x-c")).toBe("a:b");
  });

  it("fails as often as asked, with a code or a broken connection", async () => {
    const coded = "/retry/x?uuid=1&succeedAfter=2&responseCode=503";
    const codes = [await fetch(coded), await fetch(coded), await fetch(coded)];
    expect(codes.map((one) => one.status)).toEqual([503, 503, 200]);
    await expect(fetch("/retry/x?uuid=2&succeedAfter=1")).rejects.toThrow(
      "Network connection lost",
    );
    expect((await fetch("/retry/x?uuid=2&succeedAfter=1")).status).toBe(200);
    expect((await fetch("/retry/x?uuid=3")).status).toBe(400);
  });

  it("counts what it has seen", async () => {
    await fetch("/seen?id=needle-1");
    const seen = await fetch("/.conformance/seen?needle=needle-1");
    expect(await seen.json()).toEqual({ count: 1 });
  });
});
