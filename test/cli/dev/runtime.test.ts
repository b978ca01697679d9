// The adapter over the local runtime: bindings of several Workers, their overrides, ports, reload and failure.
import { mkdtemp, rm } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openListener } from "../../../cli/dev/ports.ts";
import { startRuntime, type Runtime, type RuntimeLog } from "../../../cli/dev/runtime.ts";
import { plainSettings } from "../../../cli/dev/runtime-worker.ts";
import { workers, writeProject } from "./runtime-cast.ts";

let dir = "";
let runtime: Runtime;
const logs: RuntimeLog[] = [];

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "heddle-runtime-"));
  await writeProject(dir);
  runtime = await startRuntime({
    workers: await workers(dir),
    stateDir: path.join(dir, "state"),
    tmpDir: path.join(dir, "tmp"),
    onLog: (log) => logs.push(log),
  });
}, 30_000);

afterAll(async () => {
  await runtime?.close();
  await rm(dir, { recursive: true, force: true });
});

interface Answer {
  readonly tag: string;
  readonly calls: number;
  readonly object: readonly number[];
  readonly [field: string]: unknown;
}
async function ask(url = "http://shop.example/"): Promise<Answer> {
  const response = await runtime.fetch("default/front", url);
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${response.status} ${text}`);
  return JSON.parse(text) as Answer;
}

test("runs Workers from their wrangler files, with bindings overridden", async () => {
  await (await runtime.kv("table")).put("k", "value");
  expect(await ask("http://shop.example:8080/")).toEqual({
    host: "shop.example:8080",
    tag: "one",
    text: "hello",
    sum: 5,
    calls: 1,
    vars: ["v", "hush", null],
    back: { heddle: { workload: "default/front" } },
    self: 200,
    object: [1, 1],
    kv: "value",
    node: "node http://n/p?q",
    out: "caught http://outside.example/x",
  });
});

test("a service that is not here fails when it is called, by fetch and by RPC", async () => {
  for (const at of ["/absent", "/absent-rpc"]) {
    const response = await runtime.fetch("default/front", `http://a${at}`);
    expect(await response.text()).toBe('Error: Worker "absent" is not running here');
  }
});

test("a listener passes raw path and headers, and WebSockets", async () => {
  const { hostname: host, port } = runtime.url("default/front");
  const listener = await openListener({
    target: { host, port: Number(port) },
    headers: { "x-key": "k" },
  });
  const socket = net.connect(listener.port, "127.0.0.1");
  socket.write(
    "GET //raw/%2e%2e/./b?x=%zz HTTP/1.1\r\nHost: a.example:8080\r\nX-Dup: 1\r\nx-dup: 2\r\nConnection: close\r\n\r\n",
  );
  const answer = String(
    await socket.setEncoding("utf8").reduce((all, part) => `${all}${String(part)}`, ""),
  );
  expect(JSON.parse(answer.slice(answer.indexOf("\r\n\r\n")))).toEqual([
    "http://a.example:8080//raw/%2e%2e/./b?x=%zz",
    expect.arrayContaining([
      ["host", "a.example:8080"],
      ["x-dup", "1, 2"],
      ["x-key", "k"],
    ]),
  ]);
  const webSocket = new WebSocket(`ws://127.0.0.1:${listener.port}/socket`);
  const message = new Promise((resolve) => {
    webSocket.addEventListener("message", ({ data }) => resolve(data));
  });
  await new Promise((resolve) => webSocket.addEventListener("open", resolve));
  webSocket.send("hi");
  expect(await message).toBe("echo hi");
  webSocket.close();
  await listener.close();
});

test("streaming tails count invocations and runs by Worker, at once and without loss", async () => {
  const read = async (): Promise<Record<string, { invocations: number; runs: number }>> =>
    (await (await runtime.fetch("dev/tail", "http://t/")).json()) as never;
  const before = await read();
  await Promise.all(Array.from({ length: 50 }, async () => await ask()));
  const after = await read();
  const more = (name: string, what: "invocations" | "runs") =>
    (after[name]?.[what] ?? 0) - (before[name]?.[what] ?? 0);
  // Its own call to itself makes two; the object's next() and the table's get() count with back.
  expect(more("default/front", "invocations")).toBe(100);
  expect(more("default/back", "invocations")).toBe(150);
  expect(more("default/back", "runs")).toBe(50);
});

test("a cron trigger fires, an object is evicted and keeps its storage", async () => {
  await runtime.scheduled("default/back", "*/5 * * * *");
  expect(await (await runtime.kv("table")).get("cron")).toBe("*/5 * * * *");
  const [memory, stored] = (await ask()).object;
  expect(memory).toBeGreaterThan(1);
  await runtime.evict("default/back", "Counter", { name: "a" });
  expect((await ask()).object).toEqual([1, (stored ?? 0) + 1]);
});

test("a reload starts isolates anew and keeps ports and data; one that fails leaves the old Workers", async () => {
  const before = runtime.url("default/front").href;
  const [, stored = 0] = (await ask()).object;
  await runtime.reload((await workers(dir, "two")).reverse());
  expect(runtime.url("default/front").href).toBe(before);
  expect(await ask()).toMatchObject({ tag: "two", calls: 1, object: [1, stored + 1], kv: "value" });

  const broken = await workers(dir, "three");
  broken[1] = {
    ...broken[1]!,
    modules: [{ name: "index.js", type: "ESModule", contents: "nope();" }],
  };
  logs.length = 0;
  await expect(runtime.reload(broken)).rejects.toMatchObject({
    complaints: expect.arrayContaining([
      {
        message: expect.stringMatching(
          /^Uncaught ReferenceError: nope is not defined\n\s+at index.js:1:1/,
        ),
        where: "Worker default/back",
      },
    ]),
  });
  expect(logs).toEqual([]);
  expect(await ask()).toMatchObject({ tag: "two", calls: 1 });
}, 20_000);

test("what Workers print and throw reaches onLog", async () => {
  logs.length = 0;
  expect((await runtime.fetch("default/front", "http://a/throw")).status).toBe(500);
  await ask();
  await expect
    .poll(() => logs)
    .toEqual(
      expect.arrayContaining([
        { level: "error", message: expect.stringContaining("thrown here") },
        { level: "debug", message: "ran" },
      ]),
    );
});

test("a runtime that cannot start says which Worker and why", async () => {
  const starting = startRuntime({
    workers: [
      {
        name: "a/b",
        settings: plainSettings("2026-09-01"),
        modules: [{ name: "m.js", type: "ESModule", contents: "throw new Error('no')" }],
      },
    ],
    stateDir: path.join(dir, "other"),
    tmpDir: path.join(dir, "tmp"),
  });
  await expect(starting).rejects.toMatchObject({
    complaints: [{ where: "Worker a/b", message: expect.stringContaining("Uncaught Error: no") }],
  });
});
