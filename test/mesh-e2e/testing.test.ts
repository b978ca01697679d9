// What users' tests get from `heddle/testing`, beside what examples/testing shows.
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startMesh, type Fault, type Mesh, type MeshOptions } from "../../mesh/testing.ts";

// Of this file alone, to see what is left in it.
process.env["TMPDIR"] = mkdtempSync(path.join(tmpdir(), "testing-"));

const EXAMPLE = path.join(import.meta.dirname, "../../examples/trace-context");

async function started(options: MeshOptions): Promise<Mesh> {
  const mesh = await startMesh(options);
  onTestFinished(() => mesh.close());
  return mesh;
}

test("a project runs several times at once, beside its own dev mesh and without a trace of it", async () => {
  const [one, other] = await Promise.all([
    started({ project: EXAMPLE }),
    started({ project: EXAMPLE }),
  ]);
  expect(one.gateway).not.toBe(other.gateway);
  const called: (string | undefined)[] = [];
  const target = http.createServer((request, response) => {
    called.push(request.headers["traceparent"]?.toString().slice(3, 35));
    response.end();
  });
  await new Promise<void>((done) => target.listen(0, "127.0.0.1", done));
  onTestFinished(() => void target.close());
  const url = `http://127.0.0.1:${(target.address() as AddressInfo).port}/`;
  for (const [index, mesh] of [one, other].entries()) {
    const traceparent = `00-${String(index + 1).repeat(32)}-${"7".repeat(16)}-00`;
    const body = JSON.stringify([{ url, arguments: [] }]);
    const answer = await mesh.fetch("/test", { method: "POST", headers: { traceparent }, body });
    expect(await answer.json()).toEqual({ ok: true });
  }
  expect(called).toEqual(["1".repeat(32), "2".repeat(32)]);
  expect(await one.counters()).toMatchObject({ "default/service": { handlerRuns: 2 } });
});

test("apply rejects with what is wrong, and takes text, a file and objects", async () => {
  const script = `export default { fetch: () => new Response("here") };`;
  const lines: string[] = [];
  const mesh = await started({
    workers: { one: { script } },
    resources: path.join(EXAMPLE, "resources.yaml"),
    log: (line) => void lines.push(line),
  });
  // The file's route names a Worker that is not here.
  expect((await mesh.fetch("http://any.test/")).status).toBe(500);
  const route = readFileSync(path.join(EXAMPLE, "resources.yaml"), "utf8")
    .split("---\n")[1]
    ?.replaceAll("name: service", "name: one");
  await mesh.apply(route ?? "");
  await expect(mesh.apply({ kind: "HTTPRoute" })).rejects.toThrow(/apiVersion/);
  const { spec } = await mesh.get("route", "one");
  expect(spec["rules"]).toMatchObject([{ backendRefs: [{ name: "one" }] }]);
  await expect(mesh.get("route", "none")).rejects.toThrow(/none/);
  expect(lines.join("\n")).toContain("mesh test: 1 Workers");
});

test("each fault of the table in docs/testing.md is one that a test may ask for", async () => {
  const mesh = await started({ workers: { one: { script: `export default {}` } } });
  const table = readFileSync(path.join(import.meta.dirname, "../../docs/testing.md"), "utf8");
  const rows = [...table.matchAll(/^\| `(control|kv|pulse|objects|isolate)\b[^|]*\| (.*) \|$/gm)];
  expect(rows).toHaveLength(5);
  for (const [, family = "", cells = ""] of rows) {
    const target = family === "isolate" ? "isolate:*" : family;
    const modes = [...cells.matchAll(/`([a-z]+)`/g)].map(([, mode]) => mode as Fault["mode"]);
    for (const mode of modes) await mesh.faults({ target, mode, for: "1s" });
  }
  const rekey: Fault = { target: "objects", mode: "rekey" };
  await mesh.faults(rekey);
});

test("nothing stays behind, not even of a mesh that does not start", async () => {
  const left = () => readdirSync(tmpdir()).filter((name) => name.startsWith("heddle-test-"));
  const broken = startMesh({ workers: { one: { script: "export default {" } } });
  await expect(broken).rejects.toThrow(/end of file|Unexpected/);
  expect(left()).toEqual([]);
});
