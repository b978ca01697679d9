// What plain wrangler does with the mesh: dry deploys of woven and of the mesh's own Workers, which also start alone.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { text } from "node:stream/consumers";
import path from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { dryRun, textOf } from "../cli/weave/dry-run.ts";
import { copyShop } from "./mesh.ts";
import { endGroup, remains } from "./process-group.ts";

const root = path.resolve(import.meta.dirname, "../..");
const BIN = path.join(root, "cli/bin.js");
const WRANGLER = path.join(root, "node_modules/wrangler/bin/wrangler.js");
const env = { ...process.env, NODE_COMPILE_CACHE: path.join(root, ".heddle/cache/node") };

let shop = "";
let out = "";
beforeAll(() => {
  shop = copyShop("deploy");
  mkdirSync(path.join(root, ".heddle/e2e"), { recursive: true });
  out = mkdtempSync(path.join(root, ".heddle/e2e/deployed-"));
});
afterAll(() => rmSync(out, { recursive: true, force: true }));

interface Ended {
  readonly status: number | null;
  readonly said: string;
}

/** Runs a command to its end. */
async function run(cwd: string, ...args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(child, "close") as Promise<[number | null]>;
  const [said, wrong] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { status: (await ended)[0], said: `${said}${wrong}` };
}

/** `wrangler deploy --dry-run`; gives the text of the main module. */
async function deploy(cwd: string, name: string, ...args: readonly string[]): Promise<string> {
  const outDir = path.join(out, name);
  const ended = await run(cwd, WRANGLER, "deploy", "--dry-run", "--outdir", outDir, ...args);
  expect(ended.status, ended.said).toBe(0);
  return readFileSync(
    path.join(outDir, args.includes("-c") ? "heddle-entry.js" : "index.js"),
    "utf8",
  );
}

describe("heddle weave and plain wrangler", () => {
  beforeAll(async () => {
    const woven = await run(root, BIN, "weave", "--project", shop);
    expect(woven.status, woven.said).toBe(0);
  });

  it("ships the woven build, and an edit of the source", async () => {
    const cart = path.join(shop, "cart");
    const first = await dryRun(cart);
    expect(first.status, first.said).toBe(0);
    const names = [...first.parts.keys()];
    expect(names).toEqual(expect.arrayContaining(["heddle-entry.js", "heddle.js", "index.js"]));
    expect(await textOf(first.parts.get("index.js"))).not.toContain("edited since");

    appendFileSync(path.join(cart, "src/index.ts"), '\nconsole.log("edited since");\n');
    const second = await dryRun(cart);
    expect(await textOf(second.parts.get("index.js"))).toContain("edited since");
  });

  it("stops wrangler when weaving fails", async () => {
    const catalog = path.join(shop, "catalog");
    appendFileSync(path.join(catalog, "src/index.ts"), "\nconst broken = (;\n");
    const { status, said } = await dryRun(catalog);
    expect(status).not.toBe(0);
    expect(said).toMatch(/error: src\/index\.ts:\d+:\d+: Unexpected/);
  });

  it("deploys the gateway and the relay of this mesh", async () => {
    const woven = path.join(shop, ".heddle/woven");
    const [gateway, relay] = await Promise.all([
      deploy(shop, "shop-gateway", "-c", path.join(woven, "heddle.gateway/wrangler.json")),
      deploy(shop, "shop-relay", "-c", path.join(woven, "heddle.relay/wrangler.json")),
    ]);
    expect(gateway).toContain('"workload": "heddle/gateway"');
    expect(relay).toContain('"workload": "heddle/relay"');
  });
});

it("the mesh's own Workers deploy from their own files", async () => {
  const own = [".", "control", "durable-objects", "workers/sidecar"];
  const ship = async (names: readonly string[]): Promise<void> => {
    for (const name of names) {
      const main = await deploy(
        path.join(root, name),
        `own-${path.basename(path.resolve(root, name))}`,
      );
      expect(main.length).toBeGreaterThan(1000);
    }
  };
  // Two at a time, on two cores.
  await Promise.all([ship(own.slice(0, 2)), ship(own.slice(2))]);
});

// Ends what is in /proc.
describe.skipIf(!existsSync("/proc/self/stat"))("plain wrangler dev", () => {
  const running: ChildProcess[] = [];
  afterEach(() => {
    for (const { pid } of running.splice(0)) endGroup(pid ?? 0);
  });

  /** Starts it and gives its address; what it prints is in the error when it does not start. */
  async function start(name: string): Promise<{ child: ChildProcess; url: string }> {
    const state = path.join(out, `state-${path.basename(path.resolve(root, name))}`);
    const args = ["dev", "--ip", "127.0.0.1", "--port", "0", "--inspector-port", "0"];
    const child = spawn(process.execPath, [WRANGLER, ...args, "--persist-to", state], {
      cwd: path.join(root, name),
      // A group of its own: the runtime belongs to it.
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env,
    });
    running.push(child);
    let said = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (data: Buffer) => (said += data.toString()));
    for (let tries = 0; tries < 600; tries++) {
      const url = /Ready on (http:\/\/127\.0\.0\.1:\d+)/.exec(said)?.[1];
      if (url !== undefined) return { child, url };
      if (child.exitCode !== null) break;
      await sleep(50);
    }
    throw new Error(`${name} did not start: ${said}`);
  }

  it.each([
    [".", "/", 503, "application/problem+json"],
    ["control", "/livez", 200, ""],
    ["durable-objects", "/", 404, ""],
  ])("starts %s from its own file, and ends cleanly", async (name, at, status, type) => {
    const { child, url } = await start(name);
    const response = await fetch(new URL(at, url));
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type") ?? "").toContain(type);
    await response.text();
    child.kill("SIGINT");
    await once(child, "exit");
    expect(await remains(child.pid ?? 0)).toEqual([]);
    await expect(fetch(url)).rejects.toThrow();
  });
});
