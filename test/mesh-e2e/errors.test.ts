// What a user gets wrong, through the command itself: one clear error each, with file and line, and nothing changed.
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import net, { type AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import path from "node:path";
import process from "node:process";
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from "vitest";
import { startDev, type DevMesh } from "../../cli/dev/dev.ts";

const root = path.resolve(import.meta.dirname, "../..");
const fixture = path.join(root, "test/fixtures/dev-project");
const scratch = path.join(root, ".heddle/e2e");

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** `heddle …` as a process of its own. */
async function heddle(cwd: string, ...args: readonly string[]): Promise<Ran> {
  const child = spawn(process.execPath, [path.join(root, "cli/bin.js"), ...args], {
    cwd,
    env: { ...process.env, HEDDLE_CONTROL: "", NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const closed = once(child, "close") as Promise<[number | null]>;
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: (await closed)[0], out, err };
}

function copyProject(): string {
  mkdirSync(scratch, { recursive: true });
  const folder = mkdtempSync(path.join(scratch, "errors-"));
  cpSync(fixture, folder, { recursive: true });
  return folder;
}

function edit(folder: string, file: string, from: string | RegExp, to: string): void {
  const at = path.join(folder, file);
  writeFileSync(at, readFileSync(at, "utf8").replace(from, to));
}

/** By name: what is done to the project, and the first line of the one error. */
const BROKEN: readonly (readonly [string, string, string | RegExp, string, RegExp])[] = [
  [
    "malformed YAML",
    "mesh.yaml",
    "workers: [caller",
    "workers: [[caller",
    /^error: mesh\.yaml:\d+:\d+: malformed YAML: /,
  ],
  [
    "an unknown field",
    "mesh.yaml",
    "trustDomain",
    "trustDomian",
    /^error: mesh\.yaml:5:3: spec\.trustDomian is not a known field\n {2}Did you mean "trustDomain"\?\n$/,
  ],
  [
    "a name given twice",
    "mesh.yaml",
    "blue, green",
    "blue, { path: green, name: blue }",
    /^error: mesh\.yaml:6:\d+: .*default\/blue/,
  ],
  [
    "a missing wrangler file",
    "mesh.yaml",
    "green]",
    "grene]",
    /^error: mesh\.yaml:6:27: there is no wrangler\.json/,
  ],
  [
    "a Worker that does not build",
    "green/index.js",
    "() =>",
    "() = >",
    /^error: green\/index\.js:2:\d+: /,
  ],
];

describe.each([
  ["weave", ["weave"]],
  ["dev", ["dev", "--port", "0", "--control-port", "0"]],
] as const)("heddle %s", (_name, args) => {
  let folder = "";
  beforeEach(() => {
    folder = copyProject();
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it.each(BROKEN)("%s", async (_what, file, from, to, expected) => {
    edit(folder, file, from, to);
    const { code, out, err } = await heddle(folder, ...args);
    expect(err).toMatch(expected);
    expect(err.match(/^error: /gm)).toHaveLength(1);
    expect([code, out]).toEqual([1, ""]);
    for (const worker of ["caller", "blue", "green"])
      expect(existsSync(path.join(folder, worker, ".wrangler/deploy/config.json"))).toBe(false);
    expect(existsSync(path.join(folder, ".heddle/state/dev.json"))).toBe(false);
  });
});

it("heddle dev on a port in use", async () => {
  const folder = copyProject();
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const { code, out, err } = await heddle(folder, "dev", "--port", String(port));
  expect(err).toMatch(new RegExp(`^error: port ${port} on 127\\.0\\.0\\.1 is in use\n`));
  expect([code, out]).toEqual([1, ""]);
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

const GATEWAY_API = "apiVersion: gateway.networking.k8s.io/v1\n";
const service = (name: string, more = ""): string =>
  `apiVersion: heddle.dev/v1\nkind: Service\nmetadata: { name: ${name} }\nspec:\n  endpoints: [{ worker: blue }]\n${more}`;
const route = (service: string): string =>
  `${GATEWAY_API}kind: HTTPRoute\nmetadata: { name: new }\nspec:\n  parentRefs: [{ group: "", kind: Service, name: ${service} }]\n  rules:\n    - backendRefs: [{ name: blue, port: 80 }]\n`;

describe("heddle apply", () => {
  let folder = "";
  let mesh: DevMesh;
  beforeAll(async () => {
    folder = copyProject();
    mesh = await startDev({ project: folder, port: 0, controlPort: 0, log: () => undefined });
  });
  afterAll(async () => {
    await mesh.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const everything = async (): Promise<readonly string[]> =>
    Promise.all(
      ["services", "httproutes"].map(
        async (kind) => (await heddle(folder, "get", kind, "-A", "-o", "json")).out,
      ),
    );

  it.each([
    [
      "malformed YAML",
      `${service("new")}---\nkind: [\n`,
      /^error: new\.yaml:8:1: malformed YAML: /,
    ],
    [
      "an unknown field",
      `${service("new")}---\n${service("other", "  prts: [80]\n")}`,
      /^error: new\.yaml:12:3: spec\.prts is not a known field\n {2}Did you mean "ports"\?\n$/,
    ],
    [
      "a route to nowhere",
      `${service("new")}---\n${route("colour")}`,
      /^error: new\.yaml:11:\d+: .*colour.*\n {2}Did you mean "color"\?/,
    ],
    [
      "duplicate names",
      `${service("new")}---\n${service("new")}`,
      /^error: new\.yaml:9:\d+: .*new/,
    ],
    ["a kind that is none", "kind: Servce\nmetadata: { name: x }\n", /^error: new\.yaml:1:\d+: /],
  ])("%s", async (_what, yaml, expected) => {
    const before = await everything();
    expect(before[0]).toContain('"color"');
    writeFileSync(path.join(folder, "new.yaml"), yaml);
    const { code, out, err } = await heddle(folder, "apply", "-f", "new.yaml");
    expect(err).toMatch(expected);
    expect(err.match(/^error: /gm)).toHaveLength(1);
    expect([code, out]).toEqual([1, ""]);
    expect(await everything()).toEqual(before);
  });
});
