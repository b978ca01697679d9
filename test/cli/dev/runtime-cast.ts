// Workers with a binding of each kind, as they lie in a project: a front, what stands behind it, and who listens.
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { listModules } from "../../../cli/dev/modules.ts";
import { plainSettings, type RuntimeWorker } from "../../../cli/dev/runtime-worker.ts";
import { readWorkerSettings } from "../../../cli/dev/worker-settings.ts";

const front = `
import wasm from "./add.wasm";
import text from "./lib/hello.txt";
import { tag } from "./lib/tag.js";
let calls = 0;
export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/self" || request.url.includes("//raw")) {
      return Response.json([request.url, [...request.headers]]);
    }
    if (pathname === "/throw") throw new Error("thrown here");
    if (pathname === "/absent") return new Response(await env.ABSENT.fetch("http://x/").catch(String));
    if (pathname === "/absent-rpc") return new Response(await env.ABSENT.pay().catch(String));
    if (pathname === "/socket") {
      const [client, server] = Object.values(new WebSocketPair());
      server.accept();
      server.addEventListener("message", ({ data }) => server.send("echo " + data));
      return new Response(null, { status: 101, webSocket: client });
    }
    const { exports } = await WebAssembly.instantiate(wasm);
    return Response.json({
      host: request.headers.get("host"), tag, text, sum: exports.add(2, 3), calls: ++calls,
      vars: [env.VAR, env.SECRET, env.GONE ?? null], back: await env.BACK.whoami(), self: await env.SELF.fetch("http://s/self").then((r) => r.status),
      object: await env.OBJECT.getByName("a").next(), kv: await env.TABLE.get("k"), node: await env.NODE.fetch("http://n/p?q").then((r) => r.text()),
      out: await fetch("http://outside.example/x").then((r) => r.text()),
    });
  },
};
`;
const back = `
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
export class Payments extends WorkerEntrypoint {
  whoami() { console.debug("ran"); return this.ctx.props; }
}
export class Table extends WorkerEntrypoint {
  get(key) { return this.env.REAL.get(key); }
}
export class Counter extends DurableObject {
  memory = 0;
  next() {
    const stored = (this.ctx.storage.kv.get("n") ?? 0) + 1;
    this.ctx.storage.kv.put("n", stored);
    return [++this.memory, stored];
  }
}
export default { scheduled(event, env) { return env.REAL.put("cron", event.cron); }, fetch: () => new Response("back") };
`;
const tail = `
import { WorkerEntrypoint } from "cloudflare:workers";
const seen = {};
export class Tail extends WorkerEntrypoint {
  tailStream() {
    const counts = (seen[this.ctx.props.workload] ??= { invocations: 0, runs: 0 });
    counts.invocations += 1;
    return { log: ({ event }) => { if (event.message[0] === "ran") counts.runs += 1; } };
  }
}
export default { fetch: () => Response.json(seen) };
`;
const addWasm = Buffer.from("AGFzbQEAAAABBwFgAn9/AX8DAgEABwcBA2FkZAAACgkBBwAgACABags=", "base64");

/** Three Workers of the project; `tag` is what the front says of itself. */
export async function workers(dir: string, tag = "one"): Promise<RuntimeWorker[]> {
  await writeFile(path.join(dir, "front/lib/tag.js"), `export const tag = ${JSON.stringify(tag)};`);
  const main = path.join(dir, "front/index.js");
  const tails = (workload: string) => [
    { worker: "dev/tail", entrypoint: "Tail", props: { workload } },
  ];
  return [
    {
      name: "default/front",
      settings: await readWorkerSettings(path.join(dir, "front/wrangler.json")),
      modules: (await listModules(path.join(dir, "front"), main)).filter(
        ({ name }) => name !== "wrangler.json",
      ),
      rename: (script) => (script === "absent" ? script : `default/${script}`),
      expose: ["default"],
      tails: tails("default/front"),
      outbound: ({ url }) => new Response(`caught ${url}`),
      bindings: {
        GONE: null,
        TABLE: { type: "worker", worker: "default/back", entrypoint: "Table" },
        NODE: { type: "node", handler: ({ url }) => new Response(`node ${url}`) },
      },
    },
    {
      name: "default/back",
      settings: await readWorkerSettings(path.join(dir, "back/wrangler.toml")),
      modules: [{ name: "index.js", type: "ESModule", contents: back }],
      tails: tails("default/back"),
    },
    {
      name: "dev/tail",
      settings: plainSettings("2026-09-01"),
      modules: [{ name: "index.js", type: "ESModule", contents: tail }],
      expose: ["default"],
    },
  ];
}

/** Writes the project's files. */
export async function writeProject(dir: string): Promise<void> {
  await mkdir(path.join(dir, "front/lib"), { recursive: true });
  await mkdir(path.join(dir, "back"), { recursive: true });
  await writeFile(path.join(dir, "front/index.js"), front);
  await writeFile(path.join(dir, "front/add.wasm"), addWasm);
  await writeFile(path.join(dir, "front/lib/hello.txt"), "hello");
  await writeFile(path.join(dir, "front/.dev.vars"), "SECRET=hush");
  const config = {
    name: "front",
    main: "index.js",
    no_bundle: true,
    compatibility_date: "2024-09-01",
    vars: { VAR: "v", GONE: "g" },
    services: [
      {
        binding: "BACK",
        service: "back",
        entrypoint: "Payments",
        props: { heddle: { workload: "default/front" } },
      },
      { binding: "SELF", service: "front" },
      { binding: "ABSENT", service: "absent" },
    ],
    kv_namespaces: [{ binding: "TABLE", id: "unused" }],
    durable_objects: { bindings: [{ name: "OBJECT", class_name: "Counter", script_name: "back" }] },
  };
  await writeFile(path.join(dir, "front/wrangler.json"), JSON.stringify(config));
  await writeFile(
    path.join(dir, "back/wrangler.toml"),
    `name = "back"\nmain = "index.js"\ncompatibility_date = "2026-09-01"\n` +
      `[[kv_namespaces]]\nbinding = "REAL"\nid = "table"\n` +
      `[[migrations]]\ntag = "1"\nnew_sqlite_classes = ["Counter"]\n`,
  );
}
