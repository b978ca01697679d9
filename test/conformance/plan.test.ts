// Which files share a mesh, what its Workers dial, what is applied between files, and how files are found and drawn.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import { afterAll, describe, expect, it } from "vitest";
import { draw, isMeant, load } from "./load.ts";
import { type Case, type CaseFile, toCaseFile } from "./meshconf/case-file.ts";
import { converge, deadline } from "./meshconf/converge.ts";
import { dialOf, urlHost } from "./meshconf/dial.ts";
import { changes, manifestsOf, patched, toManifest } from "./meshconf/manifest.ts";
import { bindingFor, planMeshes } from "./meshconf/plan.ts";
import { writeProject } from "./meshconf/project.ts";
import { conformanceReport, featureTable, fileLines, total } from "./report.ts";
import type { FileResult } from "./results.ts";

const tmp = path.join(import.meta.dirname, "../../.heddle/tmp");
mkdirSync(tmp, { recursive: true });
const scratch = mkdtempSync(path.join(tmp, "conformance-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const from = { namespace: "loom", labels: { app: "weaver" } };
const meshCase = (to: string, host = to): Case => ({
  id: to,
  title: to,
  via: { mesh: { from, to } },
  request: { path: "/", host },
  expect: {},
});
const fileOf = (over: Record<string, unknown>): CaseFile =>
  toCaseFile("f", {
    schema: "meshconf/1",
    id: "F",
    namespaces: { loom: { craft: "weaving" } },
    backends: [
      {
        service: "cloth",
        namespace: "loom",
        ports: [{ port: 80 }],
        workloads: [{ workload: "wool", labels: { app: "wool" } }],
      },
    ],
    ...over,
  });

describe("planMeshes", () => {
  it("gives files that agree one mesh, with every Worker and binding once", () => {
    const files = [
      fileOf({ cases: [meshCase("cloth"), meshCase("cloth:8080")] }),
      fileOf({ cases: [meshCase("cloth.loom"), meshCase("x", "{{endpoint:wool}}:8080")] }),
    ];
    const [plan, ...others] = planMeshes(files);
    expect(others).toEqual([]);
    expect(plan!.workloads).toHaveLength(1);
    expect(plan!.callers).toHaveLength(1);
    expect([...plan!.callers[0]!.bindings.keys()]).toEqual([
      "cloth",
      "cloth.loom",
      "endpoint:wool.loom",
    ]);
    expect(bindingFor(plan!, from, "cloth.loom")).toEqual([0, "TO_1"]);
    expect(() => bindingFor(plan!, from, "none")).toThrow(/no caller/);
  });

  it("parts files that contradict each other", () => {
    const other = { workload: "wool", labels: { app: "other" } };
    const backend = { service: "cloth", namespace: "loom", ports: [], workloads: [other] };
    expect(planMeshes([fileOf({}), fileOf({ backends: [backend] })])).toHaveLength(2);
    expect(planMeshes([fileOf({}), fileOf({ namespaces: { loom: {} } })])).toHaveLength(2);
    expect(
      planMeshes([fileOf({}), fileOf({ missing_backends: ["loom/wool"], backends: [] })]),
    ).toHaveLength(2);
    expect(
      planMeshes([fileOf({ missing_backends: ["loom/wool"], backends: [] }), fileOf({})]),
    ).toHaveLength(2);
  });

  it("writes a project whose Workers each have a wrangler file of their own", () => {
    const [plan] = planMeshes([fileOf({ cases: [meshCase("cloth")] })]);
    const project = path.join(scratch, "project");
    writeProject(project, plan!);
    const mesh = parse(readFileSync(path.join(project, "mesh.yaml"), "utf8")) as {
      spec: { workers: { path: string; name: string }[] };
    };
    expect(mesh.spec.workers.map((worker) => worker.name)).toEqual([
      "wool",
      "conformance-caller-0",
      "conformance-probe",
    ]);
    const caller = path.join(project, mesh.spec.workers[1]!.path, "wrangler.json");
    expect(JSON.parse(readFileSync(caller, "utf8"))).toMatchObject({
      main: "caller.ts",
      services: [{ binding: "TO_0", service: "cloth" }],
    });
  });
});

describe("a dial", () => {
  it.each([
    ["cloth", "cloth", undefined, "cloth"],
    ["cloth:8080", "cloth:8080", undefined, "cloth:8080"],
    ["cloth.loom.svc.cluster.local", "", undefined, "cloth.loom"],
    ["cloth:8080", "cloth:8080", "other", "other:8080"],
    ["words", "{{endpoint:wool}}:8080", undefined, "wool.loom:8080"],
  ])("of %s (host %s, Host %s) is the URL host %s", (to, host, header, url) => {
    expect(urlHost(dialOf(fileOf({}), meshCase(to, host)), header)).toBe(url);
  });
});

describe("resources between files", () => {
  const route = (name: string, value: string) =>
    toManifest("HTTPRoute", { name, namespace: "loom", spec: { rules: [{ value }] } });

  it("are deleted when unwanted, applied when new or changed, left alone when equal", () => {
    const now = [route("a", "1"), route("b", "1"), route("c", "1")];
    const { remove, apply } = changes(now, [route("b", "2"), route("c", "1"), route("d", "1")]);
    expect(remove.map((one) => one.metadata.name)).toEqual(["a"]);
    expect(apply.map((one) => one.metadata.name)).toEqual(["b", "d"]);
  });

  it("are patched at a path, in a copy", () => {
    const one = route("a", "1");
    expect(patched(one, { "spec.rules[0].value": "2" })).toEqual(route("a", "2"));
    expect(one).toEqual(route("a", "1"));
    expect(() => patched(one, { "spec.none.value": "2" })).toThrow(/no none/);
  });

  it("are Services by workload, Gateways with a class, and the file's own unchanged", () => {
    const listeners = [{ name: "web", port: 80 }];
    const file = fileOf({
      gateways: [{ name: "g", namespace: "loom", spec: { listeners } }],
      resources: [{ kind: "HTTPRoute", name: "r", namespace: "loom", spec: { x: 1 } }],
    });
    const [service, gateway, own] = manifestsOf(file);
    expect(service!.spec["endpoints"]).toEqual([
      { name: "wool", worker: "wool", labels: { app: "wool" } },
    ]);
    expect(gateway!.spec).toEqual({ gatewayClassName: "heddle", listeners });
    expect(own!.spec).toEqual({ x: 1 });
  });
});

describe("converge", () => {
  it("wants three successes in a row", async () => {
    const tries = [[], [], ["late"], [], [], []];
    let asked = 0;
    expect(await converge(Date.now() + 5000, async () => tries[asked++] ?? [])).toEqual([]);
    expect(asked).toBe(6);
  });

  it("says what the last try found, or why it could not be made", async () => {
    expect(await converge(Date.now(), async () => ["wrong"])).toEqual(["wrong"]);
    expect(await converge(Date.now(), () => Promise.reject(new Error("reset")))).toEqual(["reset"]);
  });

  it("counts its 30 s from the change, and leaves every case 5", () => {
    expect(deadline(1000, 2000)).toBe(31_000);
    expect(deadline(1000, 60_000)).toBe(65_000);
    expect(deadline(1000, 60_000, 0)).toBe(60_000);
  });
});

describe("files", () => {
  const folder = path.join(scratch, "files");
  mkdirSync(path.join(folder, "deep/er"), { recursive: true });
  writeFileSync(path.join(folder, "deep/er/a.json"), '{"schema":"meshconf/1","id":"A"}');
  writeFileSync(path.join(folder, "b.json"), '{"schema":"other/1"}');
  writeFileSync(path.join(folder, "c.json"), "{");
  writeFileSync(path.join(folder, "d.json"), "[]");
  writeFileSync(path.join(folder, "e.json"), "{}");
  writeFileSync(path.join(folder, "f.txt"), "no");

  it("are found at any depth; what is no case file is told", () => {
    const { files, broken } = load(folder);
    expect(files.map(({ name, schema }) => [name, schema])).toEqual([
      ["b", "other/1"],
      ["a", "meshconf/1"],
    ]);
    expect(broken.map(({ name }) => name)).toEqual(["c", "d", "e"]);
    expect(files.filter((file) => isMeant(file, ["A"]))).toHaveLength(1);
    expect(files.filter((file) => isMeant(file, ["x/b.json"]))).toHaveLength(1);
  });

  it("are drawn the same for the same seed, in their order", () => {
    const items = Array.from({ length: 40 }, (_, index) => index);
    expect(draw(items, 5, 7)).toEqual(draw(items, 5, 7));
    expect(draw(items, 5, 7)).not.toEqual(draw(items, 5, 8));
    expect(draw(items, 5, 7).toSorted((a, b) => a - b)).toEqual(draw(items, 5, 7));
    expect(draw(items, null, 7)).toBe(items);
  });
});

describe("reports", () => {
  const result = (
    file: string,
    verdict: "passed" | "failed" | "skipped",
    feature: string,
  ): FileResult => ({
    file,
    id: file,
    profile: "gateway-http",
    features: ["HTTPRoute", feature],
    durationMs: 10,
    results: [{ id: "01", title: "t", kind: "case", verdict, detail: ["why"] }],
  });
  const results = [
    result("a", "passed", "Gateway"),
    result("b", "failed", "Odd"),
    result("c", "skipped", "Odd"),
  ];

  it("count cases, name failures and add up features", () => {
    expect(total(results)).toEqual({ passed: 1, failed: 1, skipped: 1 });
    expect(fileLines(results[1]!)).toEqual([
      "✖ b: 0 passed, 1 failed, 0 skipped (0.0 s)",
      "    01 t",
      "      why",
    ]);
    expect(featureTable(results)).toContain("Odd           0     1     1");
  });

  it("come in the Gateway API's own format", () => {
    const report = parse(conformanceReport(results, "2026-11-22")) as {
      profiles: { name: string; core: unknown; extended: unknown }[];
    };
    expect(report.profiles).toMatchObject([
      {
        name: "GATEWAY-HTTP",
        core: { result: "success", statistics: { Passed: 1, Skipped: 0, Failed: 0 } },
        extended: { result: "failure", unsupportedFeatures: ["Odd"], failedTests: ["b"] },
      },
    ]);
  });
});
