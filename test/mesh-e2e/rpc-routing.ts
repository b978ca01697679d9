// Owns the part of the routing tests' mesh that calls methods: two callers, a service of two versions, and its RPCRoute.
import type { InlineWorker } from "../../mesh/testing.ts";

/** `/BINDING/method` calls it; answers its value, or what its call came to. */
const caller = `export default { fetch: async (request, env) => {
  const [, binding, method] = new URL(request.url).pathname.split("/");
  try {
    return new Response(await env[binding][method](method === "lent" ? () => "mine" : method));
  } catch ({ name, reason, message }) {
    return new Response(name + " " + (reason ?? message));
  }
} };`;

/** Methods that answer which version they are of, some of them late or never. */
const till = (version: string): string => `import { WorkerEntrypoint } from "cloudflare:workers";
const VERSION = "${version}";
const runs = new Map();
const run = (name) => { runs.set(name, (runs.get(name) ?? 0) + 1); return runs.get(name); };
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
class Methods extends WorkerEntrypoint {
  charge() { return VERSION; }
  refund() { return VERSION; }
  void() { return VERSION; }
  quote() { return VERSION; }
  count() { return VERSION; }
  list() { return VERSION; }
  async slow() { await sleep(600); return VERSION; }
}
export class Till extends Methods {
  async flaky() {
    if (run("flaky") < 3) await sleep(5000);
    return VERSION + " at the third";
  }
  async once() {
    if (run("once") < 2) await sleep(5000);
    return VERSION;
  }
  async leave() {
    if (VERSION === "v2") await sleep(5000);
    return VERSION;
  }
  async lent() {
    if (run("lent") < 2) await sleep(5000);
    return VERSION;
  }
  throwing() { throw new RangeError("thrown " + run("throwing")); }
}
export class Audit extends Methods {}
export default { fetch: () => new Response(VERSION) };`;

const services = [
  { binding: "TILL", service: "till", entrypoint: "Till" },
  { binding: "AUDIT", service: "till", entrypoint: "Audit" },
  { binding: "CART", service: "cart" },
];
const clerk: InlineWorker = { script: caller, config: { services } };

/** Workers that call. */
export const clerks = { clerk, auditor: clerk };

/** Workers that are called. */
export const tills: Readonly<Record<string, InlineWorker>> = {
  "till-v1": { script: till("v1") },
  "till-v2": { script: till("v2") },
};

const to = (v1: number, v2: number): object[] => [
  { name: "till-v1", weight: v1 },
  { name: "till-v2", weight: v2 },
];
const tries = { timeouts: { backendRequest: "150ms" }, retry: { attempts: 2, backoff: "1ms" } };

/** Which version takes which method of the service `till`. */
export const methodRoute = {
  apiVersion: "heddle.dev/v1",
  kind: "RPCRoute",
  metadata: { name: "till" },
  spec: {
    parentRefs: [{ name: "till" }],
    rules: [
      { matches: [{ caller: { name: "auditor" } }], backendRefs: to(0, 1) },
      { matches: [{ entrypoint: "Audit" }], backendRefs: to(0, 1) },
      { matches: [{ method: ["refund", "void"] }], backendRefs: to(0, 1) },
      { matches: [{ entrypoint: "Till", method: "charge" }], backendRefs: to(1, 1) },
      { matches: [{ method: "list" }], backendRefs: to(1, 0) },
      {
        matches: [{ entrypoint: "Till", method: "slow" }],
        backendRefs: to(1, 0),
        timeouts: { request: "300ms" },
      },
      {
        matches: [{ entrypoint: "Till", method: ["flaky", "lent", "throwing"] }],
        backendRefs: to(1, 0),
        ...tries,
      },
      { matches: [{ method: "leave" }], backendRefs: to(1, 1), ...tries },
      {
        matches: [{ method: "once" }],
        backendRefs: to(1, 0),
        timeouts: { backendRequest: "150ms" },
      },
    ],
  },
};
