// Owns what the first request of a fresh isolate costs with a large table over an empty one: gateways in workerd, each
// asked once, their table from control's join or from KV.
import { generateKeyPairSync, sign } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { WOVEN_FILES } from "../../cli/weave/weavable.ts";
import { signTable } from "../../control/sign/sign.ts";
import { compile } from "../../control/compile/compile.ts";
import { GATEWAY_WORKLOAD, type Wiring } from "../../mesh/contract/wiring.ts";
import { bundleDataPlane, type DataPlane } from "../bundle.ts";
import { type BenchWorker, startWorkerd } from "../hop/workerd.ts";
import { askedFor, manifestsOf, type Shape, storedFrom } from "./tables.ts";

/** Where a cold isolate has its table from. */
export const SOURCES = ["join", "kv"] as const;
export type TableSource = (typeof SOURCES)[number];

/** Rules of the large table. */
const RULES = 10_000;

const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });

/** CPU that the first request takes more with the large table than with the empty one, ms: difference of medians. */
export async function firstRequest(
  shape: Shape,
  source: TableSource,
  isolates: number,
): Promise<number> {
  const large = manifestsOf(shape, RULES);
  const { host, path: at, headers } = askedFor(shape, 17);
  // No rule takes it, though its part of the table is read: what follows a match is the same for any table.
  const asked =
    shape === "headers"
      ? { url: `http://${host}${at}`, headers: { "x-tenant": "none" } }
      : { url: `http://${host}${at.replace(/p\d.*$/, "none")}`, headers };
  const sizes = { empty: large.slice(0, 2), large };
  const code = await dataPlane();
  const tables = { empty: await tableOf(sizes.empty), large: await tableOf(sizes.large) };
  const workers = (["empty", "large"] as const).flatMap((size) => [
    control(`control-${size}`, tables[size], source),
    ...Array.from({ length: isolates }, (_, n) => gateway(`${size}-${n}`, `control-${size}`, code)),
  ]);
  const names = workers.map(({ name }) => name).filter((name) => !name.startsWith("control"));
  const dir = mkdtempSync(path.join(tmpdir(), "heddle-first-"));
  const running = await startWorkerd(dir, [driver(names, asked), ...workers], ["driver"]);
  const took = { empty: [] as number[], large: [] as number[] };
  // In turns, so that what else the machine does falls on both.
  const turns = Array.from({ length: isolates }, (_, n) =>
    (n % 2 === 0 ? (["empty", "large"] as const) : (["large", "empty"] as const)).map((size) => ({
      size,
      n,
    })),
  ).flat();
  try {
    await running.ask("driver", "/warm");
    for (const { size, n } of turns) {
      const before = running.cpuUs();
      const status = await running.ask("driver", `/${size}-${n}`);
      if (status !== "404") throw new Error(`a gateway answered ${status}, not 404`);
      took[size].push((running.cpuUs() - before) / 1000);
    }
  } finally {
    await running.close();
  }
  return median(took.large) - median(took.empty);
}

async function tableOf(manifests: readonly unknown[]): Promise<string> {
  const resources = storedFrom(manifests);
  const compiled = compile({ resources, version: 1, previous: 0, nowMs: 0 });
  const key = { key: pair.privateKey, dsaEncoding: "ieee-p1363" } as const;
  const bytes = await signTable(compiled, {
    revocations: async () => [],
    tableSignedBy: async () => ({ by: "k", links: [] }),
    signTable: async (directory) => ({
      kid: "k",
      signature: new Uint8Array(sign("sha256", directory, key)),
    }),
  });
  return Buffer.from(bytes).toString("base64");
}

/** Asks a gateway once; before that control and KV, so that they are warm. */
const driver = (names: readonly string[], asked: object): BenchWorker => ({
  name: "driver",
  modules: {
    "index.js": `
const { url, headers } = ${JSON.stringify(asked)};
export default { async fetch(request, env) {
  const at = new URL(request.url).pathname.slice(1);
  if (at === "up") return new Response("up");
  if (at === "warm") for (const name of ["control-empty", "control-large"]) await env[name].fetch(url);
  else return new Response(String((await env[at].fetch(url, { headers })).status));
  return new Response("warm");
} };`,
  },
  services: Object.fromEntries(
    [...names, "control-empty", "control-large"].map((name) => [name, { to: name }]),
  ),
  texts: {},
});

const control = (name: string, table: string, source: TableSource): BenchWorker => ({
  name,
  modules: {
    "index.js": `
import { WorkerEntrypoint, env } from "cloudflare:workers";
const table = Uint8Array.from(atob(env.TABLE), (c) => c.charCodeAt(0));
export class Workload extends WorkerEntrypoint {
  join() {
    if (${source === "kv"}) throw new Error("control is away");
    const keys = { audience: [], pairs: {} };
    return { format: 1, nowMs: Date.now(), workload: "${GATEWAY_WORKLOAD}", keys, revocations: [], table, version: 1, admitRatio: 1 };
  }
}
export class Pulse extends WorkerEntrypoint {
  report({ sequence, parts = [] }) {
    const taken = parts.map(({ object, sequence }) => ({ object, sequence }));
    return { format: 1, acknowledged: sequence, newest: 1, revocations: [], nextMs: 60000, parts: taken };
  }
}
export class Table extends WorkerEntrypoint { get() { return table.buffer; } }
export default { fetch: () => new Response(String(table.length)) };`,
  },
  services: {},
  texts: { TABLE: table },
});

function gateway(name: string, controlName: string, code: DataPlane): BenchWorker {
  const wiring: Wiring = {
    format: 1,
    mesh: "bench",
    trustDomain: "mesh.internal",
    workload: GATEWAY_WORKLOAD,
    dialled: {},
    reach: {},
    objects: [],
    ownRoutes: true,
    assets: null,
    loopback: "x",
    tableKey: pair.publicKey.export({ format: "jwk" }) as JsonWebKey,
    seed: null,
    table: null,
  };
  const props = { heddle: { workload: GATEWAY_WORKLOAD } };
  return {
    name,
    modules: {
      "entry.js": `import { serve } from "heddle.js"; export default { fetch: serve(${JSON.stringify(wiring)}) };`,
      "heddle.js": code.text,
      [WOVEN_FILES.late]: code.late,
    },
    services: {
      HEDDLE: { to: controlName, entrypoint: "Workload", props },
      HEDDLE_PULSE: { to: controlName, entrypoint: "Pulse", props },
      HEDDLE_TABLE: { to: controlName, entrypoint: "Table", props },
    },
    texts: {},
  };
}

async function dataPlane(): Promise<DataPlane> {
  const contents = `
import { env } from "cloudflare:workers";
import { createGate } from "./mesh/weave/gate.ts";
import { start } from "./mesh/weave/start.ts";
export const serve = (wiring) => {
  const gate = createGate(start(env, wiring).outlet, wiring);
  return (request, _env, ctx) => gate(request, ctx);
};`;
  return await bundleDataPlane(contents);
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
