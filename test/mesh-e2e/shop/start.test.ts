// `npm start` as a process: the shop answers, the load runs, a signal ends all of it.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, rmSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));
/** Below the checkout, so that its packages are found; a copy, so that a running shop is left alone. */
const project = path.join(root, `.heddle/tmp/start-${process.pid}`);

beforeAll(() => {
  const isOfShop = (file: string): boolean =>
    !/\.(heddle|wrangler)(\/|$)/.test(path.relative(shop, file));
  const shop = path.join(root, "workers/shop");
  cpSync(shop, project, { recursive: true, filter: isOfShop });
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

interface Running {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly err: () => string;
  readonly ready: { readonly gateway: string; readonly control: string; readonly token: string };
}

let running: ChildProcess | undefined;
afterEach(() => {
  if (running?.pid !== undefined && leftOf(running.pid).length > 0)
    process.kill(-running.pid, "SIGKILL");
});

/** Processes of a group that run; one that has ended and was not yet collected does not. */
function leftOf(group: number): string[] {
  const all = execFileSync("ps", ["-A", "-o", "pgid=,stat=,args="], { encoding: "utf8" });
  return all.split("\n").filter((line) => new RegExp(`^\\s*${group}\\s+[^Z]`).test(line));
}

async function startShop(...args: string[]): Promise<Running> {
  const script = path.join(root, "cli/start.ts");
  // A group of its own: what it leaves behind can be told from the rest.
  const child = spawn(process.execPath, [script, "--project", project, "--port", "0", ...args], {
    cwd: root,
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
  return { child, out: () => out, err: () => err, ready: JSON.parse(out) as Running["ready"] };
}

test.each(["SIGINT", "SIGTERM"] as const)(
  "the shop runs until %s, and leaves nothing behind",
  async (signal) => {
    const { child, out, err, ready } = await startShop("--rps", "20");
    expect(ready).toMatchObject({ dashboard: null });
    expect(err()).toContain(`The shop is open:  ${ready.gateway}`);

    const page = await fetch(ready.gateway);
    expect(page.status).toBe(200);
    expect(await page.text()).toMatch(/data-reviews="v[12]"/);
    await sleep(1500);

    child.kill(signal);
    const [code] = (await once(child, "exit")) as [number | null];
    expect({ code, err: err() }).toMatchObject({ code: 0 });
    expect(leftOf(child.pid ?? 0)).toEqual([]);
    expect(out().trim().split("\n")).toHaveLength(1);
    const [, sent, errors] = /([\d,]+) requests, (\d+) errors, reviews v2 for/.exec(err()) ?? [];
    expect(Number(sent)).toBeGreaterThan(15);
    expect(Number(errors)).toBe(0);
    await expect(fetch(ready.gateway)).rejects.toThrow();
  },
);
