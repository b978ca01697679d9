// `heddle dev` as a process: a signal ends it cleanly, a killed one leaves nothing in the way of the next.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { copyShop } from "./mesh.ts";
import { endGroup, remains } from "./process-group.ts";

const BIN = path.join(import.meta.dirname, "../../cli/bin.js");
let project = "";
beforeAll(() => {
  project = copyShop("process");
});

let running: ChildProcess | undefined;
afterEach(() => {
  if (running?.pid !== undefined) endGroup(running.pid);
});

interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly out: () => string;
  readonly ready: { readonly gateway: string; readonly token: string };
}

async function startDev(): Promise<Running> {
  const args = ["dev", "--project", project, "--port", "0", "--control-port", "0"];
  // A group of its own: what it leaves behind can be told from the rest.
  const child = spawn(process.execPath, [BIN, ...args], {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  running = child;
  let [out, err] = ["", ""];
  child.stdout.on("data", (data: Buffer) => (out += data.toString()));
  child.stderr.on("data", (data: Buffer) => (err += data.toString()));
  while (!out.includes("\n")) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${err}`);
    await sleep(50);
  }
  const line = out.trim().split("\n").at(-1) ?? "";
  return {
    child,
    pid: child.pid ?? 0,
    out: () => out,
    ready: JSON.parse(line) as Running["ready"],
  };
}

async function expectShop({ gateway }: Running["ready"]): Promise<void> {
  const page = await fetch(gateway);
  expect(await page.text()).toMatch(/data-reviews="v[12]"/);
}

// Ends what is in /proc; elsewhere the exit code has to do.
describe.skipIf(!existsSync("/proc/self/stat"))("heddle dev", { timeout: 90_000 }, () => {
  it.each(["SIGINT", "SIGTERM"] as const)(
    "ends cleanly on %s, and starts again",
    async (signal) => {
      const { child, pid, ready } = await startDev();
      await expectShop(ready);
      child.kill(signal);
      const [code] = (await once(child, "exit")) as [number | null];
      expect(code).toBe(0);
      expect(await remains(pid)).toEqual([]);
      await expect(fetch(ready.gateway)).rejects.toThrow();
    },
  );

  it("ends cleanly while it starts", async () => {
    const args = ["dev", "--project", project, "--port", "0", "--control-port", "0"];
    const child = spawn(process.execPath, [BIN, ...args], { detached: true, stdio: "ignore" });
    running = child;
    await sleep(1500);
    child.kill("SIGINT");
    const [code] = (await once(child, "exit")) as [number | null];
    expect(code).toBe(0);
    expect(await remains(child.pid ?? 0)).toEqual([]);
  });

  it("killed the hard way, leaves no process and no lock behind", async () => {
    const first = await startDev();
    await expectShop(first.ready);
    first.child.kill("SIGKILL");
    await once(first.child, "exit");
    expect(await remains(first.pid)).toEqual([]);

    const second = await startDev();
    expect(second.ready.token).toBe(first.ready.token);
    await expectShop(second.ready);
    second.child.kill("SIGINT");
    await once(second.child, "exit");
    expect(await remains(second.pid)).toEqual([]);
  });
});
