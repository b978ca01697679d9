// `heddle dev` over a tiny project: comes up, counts, breaks and heals, follows its files, goes down.
import { spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startDev, type DevMesh } from "../../cli/dev/dev.ts";
import { VISITOR_CF } from "../../cli/dev/visitor.ts";
import { runCli } from "../../cli/program.ts";
import { captureIo } from "../cli/fake-control.ts";

const fixture = path.join(import.meta.dirname, "../fixtures/dev-project");
const bin = path.join(import.meta.dirname, "../../cli/bin.js");

let project = "";
let mesh: DevMesh;
const lines: string[] = [];

beforeAll(async () => {
  project = mkdtempSync(path.join(tmpdir(), "heddle-dev-"));
  cpSync(fixture, project, { recursive: true });
  mesh = await startDev({ project, port: 0, controlPort: 0, log: (line) => void lines.push(line) });
});
afterAll(async () => {
  await mesh?.close();
  rmSync(project, { recursive: true, force: true });
});

const front = async (at: string): Promise<string> =>
  await (await fetch(mesh.ready.gateway + at)).text();

async function dev<T>(method: string, at: string, body?: unknown): Promise<T> {
  const response = await fetch(`${mesh.ready.control}${at}`, {
    method,
    headers: { authorization: `Bearer ${mesh.ready.token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return (await response.json()) as T;
}
const fault = async (target: string, mode: string): Promise<unknown> =>
  await dev("POST", "/dev/faults", { target, mode });

type Counts = Record<
  string,
  { invocations: number; handlerRuns: number; kvReads: number; objectCalls: number }
>;
const counts = async (): Promise<Counts> =>
  (await dev<{ workers: Counts }>("GET", "/dev/counters")).workers;

async function heddle(line: string, input = "") {
  const io = captureIo({ cwd: path.join(project, "caller"), env: {}, input });
  const exit = await runCli(line.split(" "), io);
  return { exit, out: io.stdout(), err: io.stderr() };
}

const colorRoute = (...backends: readonly string[]) =>
  JSON.stringify({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: "color" },
    spec: {
      parentRefs: [{ group: "", kind: "Service", name: "color" }],
      rules: [{ backendRefs: backends.map((name) => ({ name, port: 80 })) }],
    },
  });

test("calls go through the mesh and are counted exactly", async () => {
  expect(await front("/a")).toBe("blue at /a");
  expect(await front("/paint")).toBe("blue and red");
  await dev("DELETE", "/dev/counters");
  await Promise.all(Array.from({ length: 40 }, async () => await front("/b")));
  await Promise.all(Array.from({ length: 10 }, async () => await front("/paint")));
  expect(await counts()).toMatchObject({
    "default/caller": { invocations: 50, handlerRuns: 50, kvReads: 0 },
    "default/blue": { invocations: 50, handlerRuns: 50, kvReads: 0 },
    "default/green": { invocations: 0, handlerRuns: 0, kvReads: 0 },
  });
});

test("request.cf is there at every port, also where it is handed on; no client writes it", async () => {
  const forged = { "mf-cf-blob": '{"country":"XX"}', "cf-ipcountry": "XX", "cf-own": "x" };
  const asks = async (url: string, headers: Record<string, string> = {}) =>
    (await (await fetch(url, { headers: { ...forged, ...headers } })).json()) as {
      cf: unknown;
      onward: unknown;
      headers: readonly string[];
    };
  const { status } = JSON.parse((await heddle("get gateway front -o json")).out);
  for (const origin of [mesh.ready.gateway, `http://${status.addresses[0].value}`]) {
    const { cf, onward, headers } = await asks(`${origin}/visitor`);
    expect(cf).toEqual(VISITOR_CF);
    expect(onward).toEqual(VISITOR_CF);
    expect(headers).not.toContain("mf-cf-blob");
    expect(headers).not.toContain("cf-own");
  }
});

test("apply --wait in the project's folder: every later call goes by the new table", async () => {
  const applied = await heddle("apply -f - --wait", colorRoute("green"));
  expect(applied).toMatchObject({ exit: 0, out: "HTTPRoute/color configured\n" });
  const answers = await Promise.all(Array.from({ length: 20 }, async () => await front("/")));
  expect(new Set(answers)).toEqual(new Set(["green at /"]));
  // Its static assets stand behind the mesh as the Worker does.
  expect(await front("/leaf.txt")).toBe("a leaf at /leaf.txt");
  expect((await heddle("apply -f - --wait", colorRoute("blue"))).exit).toBe(0);
  expect(await front("/")).toBe("blue at /");
});

test("with control, KV and objects gone, warm and cold isolates go on; faults survive the reload", async () => {
  expect(await fault("kvs", "down")).toMatchObject({
    status: 400,
    detail: expect.stringMatching(/allowed: control, kv/),
  });
  await fault("control", "down");
  await fault("objects", "down");
  await fault("kv", "empty");
  expect((await fetch(`${mesh.ready.control}/v1/version`)).status).toBe(503);
  expect(await front("/warm")).toBe("blue at /warm");
  await fault("isolate:*", "restart");
  expect(await front("/cold")).toBe("blue at /cold");
  const { active } = await dev<{ active: { target: string }[] }>("GET", "/dev/faults");
  expect(active.map(({ target }) => target)).toEqual(["control", "objects", "kv"]);
  expect((await counts())["default/caller"]?.kvReads).toBeGreaterThan(0);
  for (const target of ["control", "objects", "kv"]) await fault(target, "ok");
  await fault("isolate:default/blue", "restart");
  for (const mode of ["restart", "evict"]) {
    await fault("objects", mode);
    await expect
      .poll(async () => (await heddle("get routes -o name")).out)
      .toContain("HTTPRoute/color");
  }
  // Each object meets its restart at its first question: then all that an apply asks are there again.
  const apply = async (): Promise<number> =>
    (await heddle("apply -f - --wait", colorRoute("blue"))).exit;
  await expect.poll(apply, { timeout: 20_000 }).toBe(0);
  expect(await front("/again")).toBe("blue at /again");
});

test("each Gateway's listener port has a loopback port that stands for it alone", async () => {
  const gateway = (name: string, to: string) => [
    {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "Gateway",
      metadata: { name },
      spec: {
        gatewayClassName: "heddle",
        listeners: [{ name: "http", port: 80, protocol: "HTTP" }],
      },
    },
    {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      metadata: { name },
      spec: {
        parentRefs: [{ name }],
        hostnames: ["same.example"],
        rules: [{ backendRefs: [{ name: to, port: 80 }] }],
      },
    },
  ];
  const documents = [...gateway("one", "blue"), ...gateway("two", "green")];
  const input = documents.map((one) => JSON.stringify(one)).join("\n---\n");
  expect((await heddle("apply -f - --wait", input)).exit).toBe(0);
  const ask = async (name: string): Promise<{ address: string; answer: string }> => {
    const { status } = JSON.parse((await heddle(`get gateway ${name} -o json`)).out);
    const [{ type, value, listenerPort }] = status.addresses;
    expect({ type, listenerPort }).toEqual({ type: "Hostname", listenerPort: 80 });
    return { address: value, answer: await rawGet(value, "same.example") };
  };
  const one = await ask("one");
  expect(one.answer).toMatch(/blue$/);
  expect((await ask("two")).answer).toMatch(/green$/);
  expect((await heddle("delete -f - --wait", input)).exit).toBe(0);
  await expect(rawGet(one.address, "same.example")).rejects.toThrow();
});

test("follows its files: a change is there at once, a broken one is told and changes nothing", async () => {
  const source = path.join(project, "blue/index.js");
  const good = readFileSync(source, "utf8");
  writeFileSync(source, good.replace('"blue"', '"navy"'));
  await expect.poll(async () => await front("/"), { timeout: 10_000 }).toBe("navy at /");
  lines.length = 0;
  writeFileSync(source, `${good}\nlet = (;`);
  await expect.poll(() => lines, { timeout: 10_000 }).toContain("the mesh goes on as it was");
  expect(lines[0]).toMatch(/blue\/index\.js:\d+:\d+: /);
  expect(await front("/")).toBe("navy at /");
  writeFileSync(source, good);
  await expect.poll(async () => await front("/"), { timeout: 10_000 }).toBe("blue at /");
  const routes = path.join(project, "mesh/routes.yaml");
  writeFileSync(
    routes,
    readFileSync(routes, "utf8").replace("name: blue, port", "name: green, port"),
  );
  await expect.poll(async () => await front("/"), { timeout: 10_000 }).toBe("green at /");
});

test("a second mesh on the same project is refused, and the first goes on", async () => {
  const second = startDev({ project, port: 0, controlPort: 0, log: () => undefined });
  await expect(second).rejects.toThrow(/runs already, as process/);
  expect(await front("/")).toMatch(/ at \/$/);
});

test("the token is kept to its owner, and the process ends cleanly on a signal", async () => {
  const copy = mkdtempSync(path.join(tmpdir(), "heddle-dev-"));
  cpSync(fixture, copy, { recursive: true });
  const readyFile = path.join(copy, "ready.json");
  const args = [
    "dev",
    "--project",
    copy,
    "--port",
    "0",
    "--control-port",
    "0",
    "--ready-file",
    readyFile,
  ];
  const child = spawn(process.execPath, [bin, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  let out = "";
  child.stdout.on("data", (chunk) => (out += String(chunk)));
  await expect.poll(() => out.endsWith("\n"), { timeout: 30_000 }).toBe(true);
  expect(JSON.parse(out)).toEqual(JSON.parse(readFileSync(readyFile, "utf8")));
  const dir = path.join(copy, ".heddle/state");
  expect(statSync(path.join(dir, "token")).mode & 0o77).toBe(0);
  expect(statSync(path.join(dir, "dev.json")).mode & 0o77).toBe(0);
  const ended = new Promise((resolve) => child.once("close", resolve));
  child.kill("SIGTERM");
  expect(await ended).toBe(0);
  expect(existsSync(path.join(dir, "dev.json"))).toBe(false);
  rmSync(copy, { recursive: true, force: true });
});

/** fetch does not send a Host of ours. */
async function rawGet(address: string, host: string): Promise<string> {
  const { connect } = await import("node:net");
  const { text } = await import("node:stream/consumers");
  const [hostname = "", port] = address.split(":");
  const socket = connect(Number(port), hostname);
  socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  return await text(socket);
}
