// What is wrong with a project ends `heddle dev` with one clear complaint each, with file and line, and nothing left.
import { once } from "node:events";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import net, { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startDev } from "../../cli/dev/dev.ts";
import { complaintsOf } from "../../cli/output/complain.ts";

const fixture = path.join(import.meta.dirname, "../fixtures/dev-project");
let project = "";

beforeEach(() => {
  project = mkdtempSync(path.join(tmpdir(), "heddle-dev-"));
  cpSync(fixture, project, { recursive: true });
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

/** Starts and tells what it complains of, files as seen from the project. */
async function complaints(options: { port?: number } = {}): Promise<readonly string[]> {
  const error: unknown = await startDev({
    project,
    port: 0,
    controlPort: 0,
    ...options,
    log: () => undefined,
  }).then(
    async (mesh) => await mesh.close(),
    (thrown: unknown) => thrown,
  );
  expect(existsSync(path.join(project, ".heddle/dev.pid"))).toBe(false);
  expect(existsSync(path.join(project, ".heddle/state/dev.json"))).toBe(false);
  const shown = path.relative(process.cwd(), project);
  return (complaintsOf(error) ?? []).map(({ where, message }) =>
    `${where ?? ""} | ${message}`.replaceAll(`${shown}/`, "").replaceAll(project, "PROJECT"),
  );
}

const edit = (file: string, from: string | RegExp, to: string): void => {
  const at = path.join(project, file);
  writeFileSync(at, readFileSync(at, "utf8").replace(from, to));
};

test("no project", async () => {
  rmSync(path.join(project, "mesh.yaml"));
  expect(await complaints()).toEqual([expect.stringContaining("there is no mesh.yaml in")]);
});

test("malformed YAML", async () => {
  edit("mesh/routes.yaml", "metadata: { name: front }", "metadata: { name: front");
  expect(await complaints()).toEqual([
    expect.stringMatching(/^mesh\/routes\.yaml:\d+:\d+ \| malformed YAML: /),
  ]);
});

test("an unknown field in mesh.yaml", async () => {
  edit("mesh.yaml", "trustDomain", "trustDomian");
  expect(await complaints()).toEqual([
    expect.stringMatching(/^mesh\.yaml:5:3 \| spec\.trustDomian is not a known field/),
  ]);
});

test("a missing wrangler file", async () => {
  edit("mesh.yaml", "green", "grene");
  expect(await complaints()).toEqual([
    expect.stringMatching(/^mesh\.yaml:6:27 \| there is no wrangler\.json/),
  ]);
});

test("names given twice", async () => {
  edit(
    "mesh/routes.yaml",
    "kind: HTTPRoute\nmetadata: { name: color }",
    "kind: HTTPRoute\nmetadata: { name: front }",
  );
  expect(await complaints()).toEqual([
    expect.stringMatching(/^mesh\/routes\.yaml:19:\d+ \| a second HTTPRoute default\/front/),
  ]);
});

test("Workers that do not build, all of them", async () => {
  edit("blue/index.js", "export default", "export defualt");
  edit("green/index.js", "() =>", "() = >");
  expect([...(await complaints())].sort()).toEqual([
    expect.stringMatching(/^blue\/index\.js:\d+:\d+ \| /),
    expect.stringMatching(/^green\/index\.js:2:\d+ \| /),
  ]);
});

test("a Worker that throws when it starts", async () => {
  edit("green/index.js", "export", 'throw new Error("not today");\nexport');
  expect(await complaints()).toEqual([
    expect.stringMatching(/^Worker default\/green \| Uncaught Error: not today/),
  ]);
});

test("a Worker that throws when it starts, and is dialled by an entrypoint: told once", async () => {
  edit("blue/index.js", "export default", 'throw new Error("not today");\nexport default');
  expect(await complaints()).toEqual([
    expect.stringMatching(/^Worker default\/blue \| Uncaught Error: not today/),
  ]);
});

test("an unknown field in a resource", async () => {
  edit("mesh/routes.yaml", /parentRefs: \[\{ name: front \}\]/, "parentRef: [{ name: front }]");
  expect(await complaints()).toContainEqual(
    expect.stringMatching(/^mesh\/routes\.yaml:13:3 \| spec\.parentRef is not a known field/),
  );
});

test("a port in use", async () => {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  expect(await complaints({ port })).toEqual([` | port ${port} on 127.0.0.1 is in use`]);
  server.close();
});

/** The mesh, and what it says. */
async function startTelling() {
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  return { mesh: await startDev({ project, port: 0, controlPort: 0, log }), lines };
}

test("a route to nowhere is a warning, and the mesh runs", async () => {
  edit("mesh/routes.yaml", "name: blue, port", "name: nobody, port");
  const { mesh, lines } = await startTelling();
  await mesh.close();
  expect(lines[0]).toMatch(
    /^warning: .*mesh\/routes\.yaml:19:13: HTTPRoute default\/color: BackendNotFound: /,
  );
});

test("a binding to an entrypoint that is not there is a warning, at start and after a reload", async () => {
  edit("caller/wrangler.jsonc", '"Paint"', '"Pain"');
  const { mesh, lines } = await startTelling();
  expect((await fetch(`${mesh.ready.gateway}/plain`)).status).toBe(200);
  const told = lines.filter((line) => line.includes("PAINT"));
  expect(told).toEqual([
    expect.stringMatching(
      /^warning: .*caller\/wrangler\.jsonc: default\/caller: PAINT dials the entrypoint Pain of default\/blue, which has Paint$/,
    ),
  ]);
  edit("caller/wrangler.jsonc", '"Pain"', '"Paint"');
  await expect.poll(() => lines.at(-1), { timeout: 20_000 }).toMatch(/^reloaded in/);
  lines.length = 0;
  edit("blue/index.js", "class Paint", "class Brush");
  await expect.poll(() => lines.at(-1), { timeout: 20_000 }).toMatch(/^reloaded in/);
  await mesh.close();
  expect(lines).toContainEqual(
    expect.stringContaining("PAINT dials the entrypoint Paint of default/blue, which has Brush"),
  );
});
