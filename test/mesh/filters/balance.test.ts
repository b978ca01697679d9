// How calls spread over the endpoints of a service, through the whole chain: modes, keys, priorities, localities, subsets.
import { describe, expect, it } from "vitest";
import { outbound } from "../../../mesh/chains/outbound.ts";
import type { Balancing, Endpoint, ServiceChunk } from "../../../mesh/contract/service.ts";
import type { OutboundCall } from "../../../mesh/pipeline/call.ts";
import { compose } from "../../../mesh/pipeline/filter.ts";
import { type Circuit, LEASE } from "../../../mesh/pipeline/isolate.ts";
import { type Answering, call, type Fake, fake, get, scope, service } from "./fake.ts";

const run = compose(outbound);

const endpoint = (name: string, more: Partial<Endpoint> = {}): Endpoint => ({
  id: `default/${name}`,
  worker: `default/${name}`,
  weight: 1,
  labels: {},
  ...more,
});

interface Setting {
  readonly endpoints: readonly Endpoint[];
  readonly balancing?: Balancing;
  readonly chunk?: Partial<ServiceChunk>;
  /** Names of endpoints whose circuit is open. */
  readonly open?: readonly string[];
  readonly answering?: Readonly<Record<string, Answering>>;
}

function mesh({ endpoints, balancing, chunk = {}, open = [], answering = {} }: Setting): Fake {
  const answers = endpoints.map(({ id }): [string, Answering] => [
    id,
    answering[id] ?? (() => new Response(id)),
  ]);
  const circuit = (_service: string, id: string): Circuit => ({
    object: id,
    isClosed: () => !open.some((name) => id === `default/${name}`),
    admit: () => LEASE.refused,
    good: () => undefined,
    settle: () => undefined,
  });
  return fake({
    services: [service("callee", { endpoints, ...(balancing ? { balancing } : {}), ...chunk })],
    answering: Object.fromEntries(answers),
    circuit,
    defaults: { retry: { ...noRetry } },
  });
}

const noRetry = {
  attempts: 0,
  codes: [503],
  backoffBaseMs: 0,
  backoffCapMs: 0,
  budgetRatio: 0,
  budgetCap: 0,
};

/** The name of the endpoint that answered, or the status. */
async function ask(self: Fake, more: Partial<OutboundCall> = {}): Promise<string> {
  const outcome = await run(call(self.isolate, "callee", more));
  if (outcome.kind !== "answer") return outcome.reason;
  const response = outcome.value as Response;
  return response.ok ? (await response.text()).replace("default/", "") : String(response.status);
}

async function counts(self: Fake, calls: number, more: () => Partial<OutboundCall> = () => ({})) {
  const found: Record<string, number> = {};
  for (let i = 0; i < calls; i += 1) {
    const name = await ask(self, more());
    found[name] = (found[name] ?? 0) + 1;
  }
  return found;
}

const abc = [endpoint("a"), endpoint("b"), endpoint("c")];
const withHeader = (name: string, value: string): Partial<OutboundCall> => ({
  http: get("/", { headers: { [name]: value } }),
});

describe("consistent hashing", () => {
  it.each(["ring", "maglev", "rendezvous"] as const)(
    "keeps a key at its endpoint: %s",
    async (mode) => {
      const balancing: Balancing = { mode, hash: { on: "header", name: "x-user" } };
      const self = mesh({ endpoints: abc, balancing });
      const before = new Map<string, string>();
      for (let user = 0; user < 60; user += 1)
        before.set(`u${user}`, await ask(self, withHeader("x-user", `u${user}`)));
      expect(new Set(before.values()).size).toBe(3);
      const fewer = mesh({ endpoints: abc.slice(0, 2), balancing });
      for (const [user, name] of before) {
        expect(await ask(self, withHeader("x-user", user))).toBe(name);
        if (name !== "c" && mode !== "maglev")
          expect(await ask(fewer, withHeader("x-user", user))).toBe(name);
      }
    },
  );

  it.each([
    ["cookie", "id", () => withHeader("cookie", "x=1; id=seven")],
    ["query", "id", () => ({ http: get("/?id=seven", { query: "id=seven" }) })],
    ["path", undefined, () => ({ http: get("/seven") })],
    ["cohort", undefined, () => ({ scope: scope({ cohort: "seven" }) })],
    ["caller", undefined, () => ({})],
  ] as const)("hashes on the %s", async (on, name, more) => {
    const hash = name === undefined ? { on } : { on, name };
    const self = mesh({ endpoints: abc, balancing: { mode: "ring", hash } });
    expect(Object.values(await counts(self, 20, more))).toEqual([20]);
  });

  it("draws where a call has no key", async () => {
    const balancing: Balancing = { mode: "ring", hash: { on: "header", name: "x-user" } };
    expect(Object.keys(await counts(mesh({ endpoints: abc, balancing }), 60))).toHaveLength(3);
  });

  it("sends on what is above the bound", async () => {
    const balancing: Balancing = { mode: "ring", most: 1.2, hash: { on: "caller" } };
    const self = mesh({ endpoints: abc, balancing });
    const [home] = Object.keys(await counts(self, 1));
    self.states.get("default/callee")!.loads.get(`default/${home}`)!.inFlight = 5;
    const elsewhere = await ask(self);
    expect(elsewhere).not.toBe(home);
  });
});

describe("priorities", () => {
  const levels = [
    endpoint("a"),
    endpoint("b"),
    endpoint("c", { rank: 1 }),
    endpoint("d", { rank: 1 }),
  ];
  const balancing: Balancing = { mode: "p2c" };

  it("stays with the first while it is healthy", async () => {
    expect(
      Object.keys(await counts(mesh({ endpoints: levels, balancing }), 50)).toSorted(),
    ).toEqual(["a", "b"]);
  });

  it("hands over what the first cannot take, and probes little", async () => {
    const found = await counts(mesh({ endpoints: levels, balancing, open: ["a"] }), 1000);
    // One of two healthy carries 70 %.
    expect(found["b"]).toBeGreaterThan(620);
    expect((found["c"] ?? 0) + (found["d"] ?? 0)).toBeGreaterThan(220);
    expect(found["a"]).toBeUndefined();
  });

  it("fails over whole, and looks at health no more when too little is left", async () => {
    const over = await counts(mesh({ endpoints: levels, balancing, open: ["a", "b"] }), 500);
    expect((over["c"] ?? 0) + (over["d"] ?? 0)).toBeGreaterThan(450);
    const answering = { "default/a": () => new Response("default/a") };
    const self = mesh({ endpoints: levels, balancing, open: ["a", "b", "c", "d"], answering });
    expect(await ask(self)).toBe("503");
  });
});

describe("localities", () => {
  const places = [
    endpoint("a", { locality: "eu" }),
    endpoint("b", { locality: "us" }),
    endpoint("c", { locality: "us" }),
  ];

  it("share by weight, whatever their size", async () => {
    const balancing: Balancing = { mode: "p2c", localities: { eu: 2, us: 1 } };
    const found = await counts(mesh({ endpoints: places, balancing }), 900);
    expect(found["a"]).toBeGreaterThan(540);
    expect(found["a"]).toBeLessThan(660);
  });
});

describe("subsets", () => {
  const versions = [endpoint("a", { labels: { v: "1" } }), endpoint("b", { labels: { v: "2" } })];
  const balancing: Balancing = { mode: "p2c", subset: { label: "v", header: "x-v" } };

  it("are what a header asks for, else any or none", async () => {
    const self = mesh({ endpoints: versions, balancing });
    expect(await counts(self, 20, () => withHeader("x-v", "2"))).toEqual({ b: 20 });
    expect(Object.keys(await counts(self, 40, () => withHeader("x-v", "3")))).toHaveLength(2);
    const only = { ...balancing, subset: { ...balancing.subset!, only: true } };
    const strict = mesh({ endpoints: versions, balancing: only });
    expect(await ask(strict, withHeader("x-v", "3"))).toBe("503");
    expect(await ask(strict, withHeader("x-v", "1"))).toBe("a");
  });
});

describe("modes", () => {
  it("least request and weights", async () => {
    const endpoints = [endpoint("a", { weight: 3 }), endpoint("b")];
    const found = await counts(mesh({ endpoints, balancing: { mode: "least-request" } }), 800);
    expect(found["a"]).toBeGreaterThan(520);
    expect(found["a"]).toBeLessThan(680);
  });

  it("peak EWMA leaves a slow endpoint, and one that fails fast", async () => {
    let self: Fake;
    const slow = (): Response => {
      self.nowMs += 400;
      return new Response("default/a");
    };
    const quick = (name: string) => (): Response => {
      self.nowMs += 5;
      return new Response(`default/${name}`);
    };
    const answering = { "default/a": slow, "default/b": quick("b"), "default/c": quick("c") };
    self = mesh({ endpoints: abc, balancing: { mode: "peak-ewma" }, answering });
    expect((await counts(self, 300))["a"] ?? 0).toBeLessThan(20);
    const failing = { ...answering, "default/a": () => new Response(null, { status: 500 }) };
    self = mesh({ endpoints: abc, balancing: { mode: "peak-ewma" }, answering: failing });
    expect((await counts(self, 300))["500"] ?? 0).toBeLessThan(20);
  });

  it("slow start lets a new endpoint grow into its share", async () => {
    const slowStart = { windowMs: 60_000, aggression: 1, least: 0.1 };
    const balancing: Balancing = { mode: "round-robin", slowStart };
    const started = fake({ services: [], answering: {} }).nowMs;
    const endpoints = [endpoint("a", { sinceMs: 0 }), endpoint("b", { sinceMs: started })];
    const self = mesh({ endpoints, balancing });
    expect((await counts(self, 110))["b"]).toBe(10);
    self.nowMs += 30_000;
    expect((await counts(self, 90))["b"]).toBeCloseTo(30, -0.5);
    self.nowMs += 30_000;
    expect((await counts(self, 100))["b"]).toBe(50);
  });

  it("asks for a Worker's version by header, of that endpoint only", async () => {
    const seen: (string | undefined)[] = [];
    const note: Answering = (_url, init) => {
      seen.push((init.headers as Record<string, string>)["cloudflare-workers-version-overrides"]);
      return new Response(null, { status: 503 });
    };
    const endpoints = [endpoint("a", { version: 'a="1"' }), endpoint("b")];
    const answering = { "default/a": note, "default/b": note };
    const self = mesh({ endpoints, chunk: { balance: "round-robin" }, answering });
    await counts(self, 2);
    expect(new Set(seen)).toEqual(new Set(['a="1"', undefined]));
  });

  it("keeps RPC, which has no headers, from endpoints of one version", async () => {
    const endpoints = [endpoint("a", { version: 'a="1"' }), endpoint("b")];
    const self = mesh({ endpoints, chunk: { balance: "round-robin" } });
    for (let i = 0; i < 4; i += 1) {
      const sent = call(self.isolate, "callee", { http: null, rpc: { path: ["f"], args: [] } });
      expect(await run(sent)).toMatchObject({ kind: "answer", value: "rpc" });
      expect(sent.endpoint?.id).toBe("default/b");
    }
  });

  it("leaves the application's own override header to services without versions", async () => {
    let seen = "";
    const note: Answering = (_url, init) => {
      seen = (init.headers as Record<string, string>)["cloudflare-workers-version-overrides"] ?? "";
      return new Response();
    };
    const answering = { "default/a": note, "default/b": note };
    const self = mesh({ endpoints: [endpoint("a"), endpoint("b")], answering });
    await ask(self, withHeader("cloudflare-workers-version-overrides", 'x="2"'));
    expect(seen).toBe('x="2"');
  });

  it("takes the next endpoint where a circuit is open: nothing was sent", async () => {
    const self = mesh({ endpoints: abc, open: ["a", "b"], chunk: { balance: "round-robin" } });
    expect(await counts(self, 12)).toEqual({ c: 12 });
    const state = self.states.get("default/callee")!;
    expect([...state.loads.values()].map(({ inFlight }) => inFlight)).toEqual([0, 0, 0]);
  });
});
