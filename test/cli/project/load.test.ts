import path from "node:path";
import { expect, test } from "vitest";
import { findProject, loadProject } from "../../../cli/project/load.ts";
import { ProjectError } from "../../../cli/project/project-error.ts";
import { makeProject, meshYaml, wranglerToml } from "./temp-project.ts";

async function faultsOf(dir: string): Promise<ProjectError["faults"]> {
  const error: unknown = await loadProject(dir).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ProjectError);
  return (error as ProjectError).faults.map((fault) => ({
    ...fault,
    ...(fault.file === undefined ? {} : { file: path.relative(dir, path.resolve(fault.file)) }),
  }));
}

test("a project has its Workers by namespace and name, and its resources with file and line", async () => {
  const dir = makeProject({
    "mesh.yaml": meshYaml(
      "trustDomain: shop.example",
      "workers:",
      "  - workers/front",
      "  - workers/cart/wrangler.json",
      "  - { path: workers/echo, name: infra-v1, namespace: infra, labels: { app: echo }, join: hand }",
      "  - { path: workers/echo, name: infra-v2, namespace: infra, join: relay }",
      "resources: [mesh/, extra.yml]",
    ),
    "workers/front/wrangler.toml": wranglerToml("front", 'vars = { A = "b" }'),
    "workers/cart/wrangler.json":
      '{ "name": "cart", "main": "a.ts", "compatibility_date": "2025-06-01" }',
    "workers/echo/wrangler.jsonc": '{ "name": "echo", /* why */ "main": "a.ts" }',
    "mesh/a.yaml":
      "apiVersion: heddle.dev/v1\nkind: Service\nmetadata: { name: one }\n---\n\napiVersion: heddle.dev/v1\nkind: Service\nmetadata: { name: two, namespace: infra }\n",
    "mesh/deep/b.json":
      '{ "apiVersion": "heddle.dev/v1", "kind": "Service", "metadata": { "name": "three" } }',
    "mesh/notes.md": "not a resource",
    "extra.yml": "apiVersion: v1\nkind: Thing\nmetadata: { name: four }\n",
  });
  const project = await loadProject(dir);
  expect(project.dir).toBe(dir);
  expect(project.mesh.name).toBe("test");
  expect(project.mesh.spec.trustDomain).toBe("shop.example");
  expect(
    project.workers.map(({ workload, script, join, labels }) => [workload, script, join, labels]),
  ).toEqual([
    ["default/front", "front", "woven", {}],
    ["default/cart", "cart", "woven", {}],
    ["infra/infra-v1", "infra-infra-v1", "hand", { app: "echo" }],
    ["infra/infra-v2", "infra-infra-v2", "relay", {}],
  ]);
  expect(project.workers[0]?.config.vars).toEqual({ A: "b" });
  expect(project.workers[0]?.config.main).toBe(path.join(dir, "workers/front/index.ts"));
  expect(
    project.resources.map(({ kind, name, namespace, line, file }) => [
      `${kind} ${namespace}/${name}`,
      `${path.relative(dir, path.resolve(file))}:${line}`,
    ]),
  ).toEqual([
    ["Service undefined/one", "mesh/a.yaml:1"],
    ["Service infra/two", "mesh/a.yaml:6"],
    ["Service undefined/three", "mesh/deep/b.json:1"],
    ["Thing undefined/four", "extra.yml:1"],
  ]);
});

test("an environment is applied to every wrangler file; the service keeps its name", async () => {
  const dir = makeProject({
    "mesh.yaml": meshYaml("workers: [{ path: a, env: staging }, b]"),
    "a/wrangler.toml": wranglerToml("a", "[env.staging]", "[env.prod]", 'vars = { P = "1" }'),
    "b/wrangler.toml": wranglerToml("b", "[env.prod]"),
  });
  const byFile = await loadProject(dir);
  expect(byFile.workers.map(({ name, script, env }) => [name, script, env])).toEqual([
    ["a", "a-staging", "staging"],
    ["b", "b", undefined],
  ]);
  const byOption = await loadProject(dir, { env: "prod" });
  expect(byOption.workers.map(({ name, script, env }) => [name, script, env])).toEqual([
    ["a", "a-prod", "prod"],
    ["b", "b-prod", "prod"],
  ]);
  expect(byOption.workers[0]?.config.vars).toEqual({ P: "1" });
  await expect(loadProject(dir, { env: "nope" })).rejects.toThrow(
    /No environment found in configuration with name "nope"/,
  );
});

test("each thing that is wrong is one fault with file and line", async () => {
  const unknownField = makeProject({
    "mesh.yaml": meshYaml("worker: [a]", "workers:", "  - { path: a, nam: b }"),
  });
  expect(await faultsOf(unknownField)).toMatchObject([
    { file: "mesh.yaml", line: 7, mend: expect.stringContaining('"name"') },
    { file: "mesh.yaml", line: 5, mend: expect.stringContaining('"workers"') },
  ]);

  const malformed = makeProject({ "mesh.yaml": "apiVersion: heddle.dev/v1\nkind: [Mesh\n" });
  expect(await faultsOf(malformed)).toMatchObject([
    {
      file: "mesh.yaml",
      line: 3,
      message: expect.stringMatching(/^malformed YAML: (?!malformed)/),
    },
  ]);

  const missing = makeProject({
    "mesh.yaml": meshYaml("workers:", "  - gone", "  - here"),
    "here/index.ts": "",
  });
  expect(await faultsOf(missing)).toMatchObject([
    { file: "mesh.yaml", line: 6, message: expect.stringContaining("gone") },
    { file: "mesh.yaml", line: 7, message: expect.stringContaining("here") },
  ]);

  const twins = makeProject({
    "mesh.yaml": meshYaml("workers:", "  - a", "  - { path: b, name: a }"),
    "a/wrangler.toml": wranglerToml("a"),
    "b/wrangler.toml": wranglerToml("b"),
  });
  expect(await faultsOf(twins)).toMatchObject([
    { file: "mesh.yaml", line: 7, message: expect.stringMatching(/second Worker.*mesh\.yaml:6/) },
  ]);

  const resources = makeProject({ "mesh.yaml": meshYaml("resources:", "  - gone.yaml") });
  expect(await faultsOf(resources)).toMatchObject([
    { file: "mesh.yaml", line: 6, message: "there is no file or folder gone.yaml" },
  ]);

  expect(await faultsOf(makeProject({}))).toMatchObject([
    { message: expect.stringContaining("there is no mesh.yaml") },
  ]);
  expect(await faultsOf(makeProject({ "mesh.yaml": "# nothing\n" }))).toMatchObject([
    { file: "mesh.yaml", message: "the file is empty" },
  ]);
});

test("faults in wrangler files and resources name those files", async () => {
  const dir = makeProject({
    "mesh.yaml": meshYaml("workers: [a, b, c, d]"),
    "a/wrangler.toml": 'name = "a"\nmain = \n',
    "b/wrangler.json": '{ "name": 3 }',
    "c/wrangler.json": '{ "main": "a.ts" }',
    "d/wrangler.json": '{ "name": "shop_front" }',
  });
  expect(await faultsOf(dir)).toMatchObject([
    { file: "a/wrangler.toml", line: 2 },
    { file: "b/wrangler.json", message: expect.stringContaining('Expected "name"') },
    { file: "mesh.yaml", line: 5, message: expect.stringContaining("has no name") },
    { file: "mesh.yaml", line: 5, message: expect.stringContaining("not a DNS label") },
  ]);
  const own = makeProject({
    "mesh.yaml": meshYaml("workers: [{ path: a, namespace: heddle }]"),
    "a/wrangler.toml": wranglerToml("a"),
  });
  expect(await faultsOf(own)).toMatchObject([
    { message: expect.stringContaining("the mesh's own") },
  ]);

  const resources = makeProject({
    "mesh.yaml": meshYaml("resources: [mesh]"),
    "mesh/a.yaml": "apiVersion: v1\nkind: Service\nmetadata:\n  nam: x\n---\na: [\n",
    "mesh/b.yaml":
      "apiVersion: v1\nkind: A\nmetadata: { name: x }\n---\napiVersion: v1\nkind: A\nmetadata: { name: x }\n",
  });
  expect(await faultsOf(resources)).toMatchObject([
    {
      file: "mesh/a.yaml",
      line: 7,
      message: expect.stringMatching(/^malformed YAML: (?!malformed)/),
    },
    { file: "mesh/a.yaml", line: 3, message: "metadata.name is missing" },
    { file: "mesh/b.yaml", line: 7, message: expect.stringContaining("mesh/b.yaml:1") },
  ]);
});

test("a project is found from any folder below it", () => {
  const dir = makeProject({ "mesh.yaml": meshYaml(), "a/b/c.txt": "" });
  expect(findProject(path.join(dir, "a/b"))).toBe(dir);
  expect(findProject("/")).toBeUndefined();
});
