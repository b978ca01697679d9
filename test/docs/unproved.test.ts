// The checks of docs/unproved.md are started here as they are written; what production answers is for an account to say.
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createTestHarness } from "wrangler";
import { root } from "./pages.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const folder = path.join(root, ".heddle/tmp/unproved");

/** Files of a page: a line with the path in backticks, then the fence with the content. */
function filesIn(page: string): Map<string, string> {
  const found = page.matchAll(/^`([\w./-]+)`\n\n```\w+\n([\s\S]*?)^```$/gm);
  return new Map([...found].map(([, name = "", text = ""]) => [name, text]));
}

const files = filesIn(readFileSync(path.join(root, "docs/unproved.md"), "utf8"));
const configs = [...files.keys()].filter((name) => /(^|\/)wrangler\.\w+$/.test(name));

let harness: ReturnType<typeof createTestHarness>;

beforeAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  for (const [name, text] of files) {
    mkdirSync(path.join(folder, path.dirname(name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  const workers = configs
    .filter((name) => !name.startsWith("redirect/woven"))
    .map((name) => ({ configPath: path.join(folder, name) }));
  harness = createTestHarness({ root: folder, workers });
  await harness.listen();
});

afterAll(async () => {
  await harness.close();
  rmSync(folder, { recursive: true, force: true });
});

const ask = async (worker: string, query = ""): Promise<unknown> => {
  const answer = await harness.getWorker(worker).fetch(`http://check/${query}`);
  const text = await answer.text();
  return text.startsWith("{") ? JSON.parse(text) : text;
};

test("every point has its check", () => {
  expect(configs).toHaveLength(13);
});

test("mutable env", async () => {
  expect(await ask("unproved-mutable-env")).toEqual({ imported: "patched", own: "patched" });
});

test("added props", async () => {
  const props = { heddle: { workload: "default/caller" } };
  expect(await ask("unproved-props-caller")).toEqual({ overFetch: props, overRpc: props });
});

test("the front of assets hands no props on locally", async () => {
  const props = { heddle: { workload: "default/caller" } };
  expect(await ask("unproved-front-caller")).toEqual({
    woven: { overFetch: props, overRpc: props },
    byHand: { overFetch: {}, overRpc: {} },
  });
});

test("nodejs_als", async () => {
  expect(await ask("unproved-nodejs-als")).toEqual({ afterAwait: "kept", inTimer: "kept" });
});

test("the redirect", async () => {
  const wrangler = path.join(root, "node_modules/wrangler/bin/wrangler.js");
  const args = [wrangler, "deploy", "--dry-run", "--outdir", "shipped"];
  const cwd = path.join(folder, "redirect");
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd });
  expect(stdout).toContain("redirected");
  expect(readFileSync(path.join(cwd, "shipped/woven.js"), "utf8")).toContain('"woven"');
});

test("the 32-invocation limit does not hold locally", async () => {
  expect(await ask("unproved-invocations", "?depth=40")).toEqual({ depth: 0, done: 0 });
  expect(await ask("unproved-invocations", "?calls=40")).toEqual({ depth: 0, done: 40 });
});

test("version overrides arrive, and pick nothing locally", async () => {
  const asked = 'unproved-versions-callee="new"';
  expect(await ask("unproved-versions-caller", "?version=new")).toMatchObject({ asked });
});

test("caching on bindings does not happen locally", async () => {
  expect(await ask("unproved-caching-caller")).toEqual({ isCached: false });
});
