// Static assets: what a woven Worker answers from them is what it answers bare.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildWorker, closeBuilders } from "../../cli/dev/build.ts";
import { listModules } from "../../cli/dev/modules.ts";
import { startRuntime, type Runtime } from "../../cli/dev/runtime.ts";
import type { RuntimeModule, RuntimeWorker } from "../../cli/dev/runtime-worker.ts";
import { readWorkerSettings } from "../../cli/dev/worker-settings.ts";
import { weaveProject } from "../../cli/weave/weave-project.ts";

const root = path.resolve(import.meta.dirname, "../..");

/** By Worker: the `[assets]` of its wrangler file beside the folder, and its compatibility date. */
const SITES: Readonly<Record<string, { assets: string; date?: string; source?: string }>> = {
  plain: { assets: "" },
  first: { assets: 'run_worker_first = true\nbinding = "FILES"' },
  list: { assets: 'run_worker_first = ["/api/*", "!/api/docs/*", "/page"]' },
  spa: { assets: 'not_found_handling = "single-page-application"\nbinding = "FILES"' },
  "spa-old": { assets: 'not_found_handling = "single-page-application"', date: "2025-03-01" },
  "spa-list": {
    assets: 'not_found_handling = "single-page-application"\nrun_worker_first = ["/api/*"]',
  },
  "spa-names": {
    assets: 'not_found_handling = "single-page-application"\nhtml_handling = "none"',
  },
  "not-found": { assets: 'not_found_handling = "404-page"' },
  "not-found-list": {
    assets: 'not_found_handling = "404-page"\nrun_worker_first = ["/api/*"]',
  },
  class: {
    assets: "",
    source: `import { WorkerEntrypoint } from "cloudflare:workers";
export default class extends WorkerEntrypoint {
  fetch(request) { return new Response("class " + new URL(request.url).pathname); }
}`,
  },
};

const HANDLER = `export default {
  prefix: "worker",
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/env") return Response.json(Object.keys(env));
    if (pathname === "/via") return env.FILES.fetch("http://assets.local/nowhere");
    return new Response([this.prefix, request.method, pathname, await request.text()].join(" "));
  },
};`;

const FILES = {
  "index.html": "<h1>index</h1>",
  "page.html": "<h1>page</h1>",
  "404.html": "<h1>nothing</h1>",
  "deep/404.html": "<h1>nothing deep</h1>",
  "a.txt": "asset",
  "api/docs/a.txt": "docs",
  "api/b.txt": "hidden",
  _headers: "/a.txt\n  X-Own: yes\n",
  _redirects: "/moved /a.txt 301\n",
};

interface Probe {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const navigate = { "sec-fetch-mode": "navigate" };
const PROBES: readonly Probe[] = [
  { path: "/" },
  { path: "/a.txt" },
  { path: "/a.txt?q=1", method: "HEAD" },
  { path: "/a.txt", method: "POST" },
  { path: "/a.txt", method: "OPTIONS" },
  { path: "/index.html" },
  { path: "/page" },
  { path: "/page.html" },
  { path: "/moved" },
  { path: "/nowhere" },
  { path: "/nowhere", method: "HEAD" },
  { path: "/nowhere", method: "POST" },
  { path: "/nowhere", headers: navigate },
  { path: "/deep/nowhere", headers: navigate },
  { path: "/nowhere", method: "POST", headers: navigate },
  { path: "/404" },
  { path: "/api/x" },
  { path: "/api/b.txt" },
  { path: "/api/docs/a.txt" },
  { path: "/api/docs/none" },
];

const dir = path.join(root, ".heddle/tmp");
let project = "";
let runtime: Runtime;

function writeProject(): void {
  mkdirSync(dir, { recursive: true });
  project = mkdtempSync(path.join(dir, "assets-"));
  const write = (name: string, text: string): void => {
    const file = path.join(project, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  };
  const names = Object.keys(SITES);
  write(
    "mesh.yaml",
    `apiVersion: heddle.dev/v1\nkind: Mesh\nmetadata: { name: sites }\nspec:\n  workers: [${names.join(", ")}]\n`,
  );
  for (const [name, text] of Object.entries(FILES)) write(`public/${name}`, text);
  for (const [name, { assets, date = "2025-06-01", source = HANDLER }] of Object.entries(SITES)) {
    write(`${name}/index.js`, source);
    write(
      `${name}/wrangler.toml`,
      `name = "${name}"\nmain = "index.js"\ncompatibility_date = "${date}"\nsend_metrics = false
routes = ["${name}.example/*"]\n[assets]\ndirectory = "../public"\n${assets}\n`,
    );
  }
}

async function runtimeWorker(
  name: string,
  configPath: string,
  modules: readonly RuntimeModule[],
): Promise<RuntimeWorker> {
  const settings = await readWorkerSettings(configPath);
  return { name, settings, modules, expose: ["default"] };
}

beforeAll(async () => {
  writeProject();
  await weaveProject({ from: project, workers: [], cwd: project, environment: {} });
  const workers: RuntimeWorker[] = [];
  for (const name of Object.keys(SITES)) {
    const own = path.join(project, name, "wrangler.toml");
    const built = await buildWorker(own, { outDir: path.join(project, "built", name) });
    workers.push(await runtimeWorker(`bare/${name}`, own, built.modules));
    const woven = path.join(project, name, ".heddle/woven");
    const found = await listModules(woven, "heddle-entry.js", []);
    const modules = found.toSorted((a) => (a.name === "heddle-entry.js" ? -1 : 1));
    workers.push(await runtimeWorker(`woven/${name}`, path.join(woven, "wrangler.json"), modules));
  }
  await closeBuilders();
  runtime = await startRuntime({
    workers,
    stateDir: path.join(project, "state"),
    tmpDir: path.join(project, "tmp"),
  });
}, 60_000);

afterAll(async () => {
  await runtime.close();
  rmSync(project, { recursive: true, force: true });
});

async function answer(worker: string, { path: at, method = "GET", headers = {} }: Probe) {
  const body = method === "POST" ? { body: "sent" } : {};
  const url = new URL(at, runtime.url(worker));
  const response = await fetch(url, { method, headers, redirect: "manual", ...body });
  const kept = ["location", "content-type", "etag", "x-own", "cache-control"].map((name) => [
    name,
    response.headers.get(name),
  ]);
  return {
    status: response.status,
    text: await response.text(),
    headers: Object.fromEntries(kept),
  };
}

describe.each(Object.keys(SITES))("%s", (name) => {
  test("answers as bare", async () => {
    for (const probe of PROBES) {
      const bare = await answer(`bare/${name}`, probe);
      expect([probe, await answer(`woven/${name}`, probe)]).toEqual([probe, bare]);
    }
  });

  test("answers as bare to a client that has it already", async () => {
    const { headers } = await answer(`bare/${name}`, { path: "/" });
    const held = { "if-none-match": headers["etag"] ?? '"x"' };
    for (const at of ["/", "/nowhere"]) {
      const probe = { path: at, headers: held };
      expect(await answer(`woven/${name}`, probe)).toEqual(await answer(`bare/${name}`, probe));
    }
  });
});

test("the binding that weaving adds does not show", async () => {
  expect(JSON.parse((await answer("woven/plain", { path: "/env" })).text)).toEqual([]);
  expect(JSON.parse((await answer("woven/spa", { path: "/env" })).text)).toEqual(["FILES"]);
});

test("the application's own binding serves as bare", async () => {
  for (const name of ["spa", "first"]) {
    const probe = { path: "/via" };
    expect(await answer(`woven/${name}`, probe)).toEqual(await answer(`bare/${name}`, probe));
  }
});
