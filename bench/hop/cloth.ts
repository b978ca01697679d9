// Pairs of Workers for one case: bare, or woven at a level with a signed table and seeds made here.
import { randomBytes, webcrypto } from "node:crypto";
import { WOVEN_FILES } from "../../cli/weave/weavable.ts";
import { DEFAULTS } from "../../mesh/contract/defaults.ts";
import { EPOCH_MS, type IdentityLevel, type KeySet } from "../../mesh/contract/identity.ts";
import type { ServiceChunk } from "../../mesh/contract/service.ts";
import type { BypassFeature, Directory } from "../../mesh/contract/table.ts";
import type { Wiring } from "../../mesh/contract/wiring.ts";
import { audienceSecret, pairSeed, toWireKey } from "../../mesh/identity/derive.ts";
import { digestOf } from "../../mesh/identity/digest.ts";
import { Secret } from "../../mesh/identity/secret.ts";
import { writeTable } from "../../mesh/identity/table-frame.ts";
import { bundleDataPlane, type DataPlane } from "../bundle.ts";
import type { BenchWorker } from "./workerd.ts";

/** One case of the benchmark. */
export interface Case {
  readonly name: string;
  readonly level: IdentityLevel | null;
  /** Filters left out, by name, of both chains. */
  readonly without: readonly string[];
  /** The caller's context has a deadline, as behind an edge. */
  readonly hasDeadline: boolean;
  /** Kill switches that are set. */
  readonly bypass?: readonly BypassFeature[];
}

const CALLER = `
import { WorkerEntrypoint } from "cloudflare:workers";
const N = 300;
export default { async fetch(request, env) {
  const path = new URL(request.url).pathname;
  if (path === "/up") return new Response("up");
  if (path.startsWith("/pass/")) return env.B.fetch(request.url);
  if (path.startsWith("/method/")) return Response.json(await env.P[path.slice(8)]().catch(String));
  let sum = 0;
  if (path === "/fetch") for (let i = 0; i < N; i++) {
    const r = await env.B.fetch("http://callee/items/42", { headers: { accept: "application/json" } });
    sum += (await r.text()).length;
  }
  if (path === "/counts") {
    const counts = await (await env.COUNTS.fetch("http://counts/")).text();
    return new Response(counts + " " + (await (await env.B.fetch("http://callee/runs")).text()));
  }
  if (path === "/rpc") for (let i = 0; i < N; i++) sum += (await env.P.add({ a: i, b: 1, name: "x" })).sum;
  return new Response(String(sum));
} };`;

const CALLEE = `
import { WorkerEntrypoint } from "cloudflare:workers";
const BODY = JSON.stringify({ id: 42, name: "a thing", price: 1999, tags: ["a", "b"], text: "some words that fill it up a little" });
export class P extends WorkerEntrypoint { add(x) { return { sum: x.a + x.b, name: x.name }; } }
let runs = 0;
export default { async fetch(request) {
  runs++;
  if (request.url.endsWith("/runs")) return new Response(String(--runs));
  return new Response(BODY, { headers: { "content-type": "application/json" } }); } };`;

const TRUST_DOMAIN = "bench.example";

/** The two Workers of a case. */
export async function pairOf(one: Case): Promise<readonly BenchWorker[]> {
  const [caller, callee] = [`caller-${one.name}`, `callee-${one.name}`];
  if (one.level === null)
    return [
      {
        name: caller,
        modules: { "index.js": CALLER },
        services: { B: { to: callee }, P: { to: callee, entrypoint: "P" } },
        texts: {},
      },
      { name: callee, modules: { "index.js": CALLEE }, services: {}, texts: {} },
    ];
  return wovenPair(one, caller, callee);
}

async function wovenPair(
  one: Case,
  caller: string,
  callee: string,
): Promise<readonly BenchWorker[]> {
  const { table, tableKey } = await signedTable([caller, callee], one);
  const master = new Secret<Uint8Array>(randomBytes(32));
  const code = await dataPlane(one.without);
  const control = `control-${one.name}`;
  const props = { heddle: { workload: `default/${caller}` } };
  const outgoing: BenchWorker["services"] = {
    HEDDLE_TO_0: { to: callee, props },
    HEDDLE_TO_1: { to: callee, entrypoint: "P", props },
  };
  const replies = Object.fromEntries(
    [caller, callee].map((name) => [`default/${name}`, keysOf(name, [caller, callee], master)]),
  );
  return [
    {
      name: caller,
      modules: modulesOf(CALLER, code, wiringOf(caller, callee, tableKey)),
      services: { ...meshServices(caller, control), ...outgoing },
      texts: {},
    },
    {
      name: callee,
      modules: modulesOf(CALLEE, code, wiringOf(callee, null, tableKey)),
      services: meshServices(callee, control),
      texts: {},
    },
    {
      name: control,
      modules: { "index.js": CONTROL },
      services: {},
      texts: { REPLIES: JSON.stringify(replies), TABLE: table },
    },
  ];
}

function meshServices(name: string, control: string): BenchWorker["services"] {
  const props = { heddle: { workload: `default/${name}` } };
  return {
    HEDDLE: { to: control, entrypoint: "Workload", props },
    HEDDLE_PULSE: { to: control, entrypoint: "Pulse", props },
    HEDDLE_TABLE: { to: control, entrypoint: "Table", props },
    COUNTS: { to: control },
  };
}

/** A caller has an upstream; the callee has none. */
function wiringOf(name: string, upstream: string | null, tableKey: JsonWebKey): Wiring {
  const to = { "": "HEDDLE_TO_0", P: "HEDDLE_TO_1" };
  return {
    format: 1,
    mesh: "bench",
    trustDomain: TRUST_DOMAIN,
    workload: `default/${name}`,
    dialled: upstream === null ? {} : dialled(upstream),
    reach: upstream === null ? {} : { [`default/${upstream}`]: to },
    objects: [],
    ownRoutes: upstream !== null,
    assets: null,
    loopback: "x",
    tableKey,
    seed: null,
    table: null,
  };
}

/** Control as a cold isolate sees it: keys of this epoch and the table, by the binding's props. */
const CONTROL = `
import { WorkerEntrypoint } from "cloudflare:workers";
export class Workload extends WorkerEntrypoint {
  join() {
    const { workload } = this.ctx.props.heddle;
    const table = Uint8Array.from(atob(this.env.TABLE), (c) => c.charCodeAt(0));
    return { format: 1, nowMs: Date.now(), workload, keys: JSON.parse(this.env.REPLIES)[workload], revocations: [], table, version: 1, admitRatio: 1 };
  }
}
const counts = { kvReads: 0, objectCalls: 0 };
export class Pulse extends WorkerEntrypoint {
  report({ sequence, parts = [] }) {
    counts.objectCalls++;
    const taken = parts.map(({ object, sequence }) => ({ object, sequence }));
    return { format: 1, acknowledged: sequence, newest: 1, revocations: [], nextMs: 1000, parts: taken };
  }
}
export class Table extends WorkerEntrypoint { get() { counts.kvReads++; return null; } }
export default { fetch: () => new Response(Object.values(counts).join(" ")) };`;

const dialled = (callee: string): Wiring["dialled"] => ({
  B: { service: `default/${callee}`, entrypoint: null },
  P: { service: `default/${callee}`, entrypoint: "P" },
});

function modulesOf(source: string, code: DataPlane, wiring: Wiring): BenchWorker["modules"] {
  const named = source === CALLEE ? `const p = runtime.weave("P", user.P); export { p as P };` : "";
  return {
    "entry.js": `import { runtime } from "boot.js"; import * as user from "index.js"; export default runtime.weave("default", user.default); ${named}`,
    "boot.js": `import { env } from "cloudflare:workers"; import { start } from "heddle.js"; import wiring from "wiring.js"; export const runtime = start(env, wiring);`,
    "wiring.js": `export default ${JSON.stringify(wiring)};`,
    "heddle.js": code.text,
    [WOVEN_FILES.late]: code.late,
    "index.js": source,
  };
}

async function dataPlane(without: readonly string[]): Promise<DataPlane> {
  const contents = `
import { start as whole } from "./mesh/weave/start.ts";
import { outbound } from "./mesh/chains/outbound.ts";
import { inbound } from "./mesh/chains/inbound.ts";
const without = ${JSON.stringify(without)};
const less = (chain) => ({ ...chain, filters: chain.filters.filter(({ name }) => !without.includes(chain.name + "." + name)) });
export const start = (env, wiring) => whole(env, wiring, { outbound: less(outbound), inbound: less(inbound) });`;
  return await bundleDataPlane(contents);
}

async function signedTable(
  names: readonly string[],
  one: Case,
): Promise<{ table: string; tableKey: JsonWebKey }> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256" } as const;
  const pair = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const encoder = new TextEncoder();
  const parts: Uint8Array[] = [];
  const chunks: Record<string, Directory["chunks"][string]> = {};
  let offset = 0;
  for (const name of names) {
    const bytes = encoder.encode(JSON.stringify(chunkOf(name)));
    chunks[`service:default/${name}`] = { hash: digestOf(bytes), offset, length: bytes.length };
    offset += bytes.length;
    parts.push(bytes);
  }
  const directory: Directory = {
    format: 1,
    mesh: "bench",
    trustDomain: TRUST_DOMAIN,
    version: 1,
    previous: 0,
    createdMs: 0,
    minMesh: 1,
    bypass: (one.bypass ?? []).map((feature) => ({ feature })),
    defaults: {
      ...DEFAULTS,
      identity: { level: one.level ?? "session" },
      timeouts: { edgeMs: one.hasDeadline ? 600_000 : 0 },
    },
    splits: false,
    late: one.level === "request" || one.level === "strict",
    levels: {},
    chunks,
  };
  const bytes = encoder.encode(JSON.stringify(directory));
  const signature = await webcrypto.subtle.sign(
    { name: "ECDSA", hash: "SHA-256" },
    pair.privateKey,
    bytes,
  );
  const table = Buffer.from(writeTable(bytes, new Uint8Array(signature), parts)).toString("base64");
  return {
    table,
    tableKey: (await webcrypto.subtle.exportKey("jwk", pair.publicKey)) as JsonWebKey,
  };
}

const chunkOf = (name: string): ServiceChunk => ({
  service: `default/${name}`,
  ports: null,
  endpoints: [{ id: `default/${name}`, worker: `default/${name}`, weight: 1, labels: {} }],
  level: "session",
  balance: "p2c",
  maxInFlight: 1024,
  producer: null,
  consumer: null,
});

function keysOf(name: string, names: readonly string[], master: Secret<Uint8Array>): KeySet {
  const kid = `e${Math.floor(Date.now() / EPOCH_MS)}`;
  const own = audienceSecret(master, `default/${name}`);
  const pairs: Record<string, KeySet["audience"]> = {};
  for (const other of names) {
    const secret = audienceSecret(master, `default/${other}`);
    pairs[`default/${other}`] = [
      toWireKey(kid, pairSeed(secret, TRUST_DOMAIN, `default/${name}`, `default/${other}`)),
    ];
  }
  return { audience: [toWireKey(kid, own)], pairs };
}
