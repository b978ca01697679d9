// The breaker as callers meet it: one circuit for the whole edge, per endpoint, closed again by a handful of probes.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Circuit } from "../../cli/api.ts";
import { runCli } from "../../cli/program.ts";
import { type Mesh, paced, type Ran, startProject } from "./mesh.ts";
import { CALLERS, type Document, routeOf, splitOf } from "./project.ts";

/** Nothing is tried again, so that what callers see is what endpoints did. */
const once = (service: string): Document =>
  routeOf(service, {
    retry: { attempts: 1, codes: [418] },
    backendRefs: [{ name: service, port: 80 }],
  });

let mesh: Mesh;
beforeAll(async () => {
  mesh = await startProject("breaker", [once("flaky"), once("vault"), splitOf(50)]);
}, 60_000);
afterAll(async () => await mesh?.close());

/** What one call came to, as its caller saw it. */
interface Seen {
  readonly atMs: number;
  readonly caller: string;
  readonly status: number;
  readonly body: string;
}

const isRefused = ({ body }: Seen): boolean => body.includes("circuit_open");

/** Two calls at once from one caller. */
async function pair(caller: string, path: string): Promise<readonly Seen[]> {
  const { body } = await mesh.ask({ caller, path: `/burst/2${path}` });
  const atMs = performance.now();
  const answers = JSON.parse(body) as [number, string][];
  return answers.map(([status, text]) => ({ atMs, caller, status, body: text }));
}

interface Load {
  readonly seen: Seen[];
  /** Resolves once so many more calls came back. */
  readonly more: (calls: number) => Promise<void>;
  readonly stop: () => Promise<readonly Seen[]>;
}

/** Calls under way at once, at most: what a busy machine does not get done is not called. */
const MOST_UNDERWAY = 40;

/** 200 calls a second from three callers, until it is stopped; what each calls is asked when it calls. */
function load(pathOf: (caller: string) => string): Load {
  const seen: Seen[] = [];
  const underway = new Set<Promise<void>>();
  let index = 0;
  const timer = setInterval(() => {
    if (underway.size >= MOST_UNDERWAY) return;
    const caller = CALLERS[index++ % CALLERS.length]!;
    const calling = pair(caller, pathOf(caller)).then((both) => {
      seen.push(...both);
      underway.delete(calling);
    });
    underway.add(calling);
  }, 10);
  return {
    seen,
    async more(calls) {
      const enough = seen.length + calls;
      await expect.poll(() => seen.length >= enough, { timeout: 20_000 }).toBe(true);
    },
    async stop() {
      clearInterval(timer);
      await Promise.all(underway);
      return seen;
    },
  };
}

const circuitOf = async (endpoint: string): Promise<Circuit | undefined> => {
  const { circuits } = await mesh.control<{ circuits: readonly Circuit[] }>("GET /v1/breakers");
  return circuits.find((circuit) => circuit.endpoint === endpoint);
};
const stateOf = async (endpoint: string): Promise<string | undefined> =>
  (await circuitOf(endpoint))?.state;

const runsOf = async (workload: string): Promise<number> =>
  (await mesh.counters())[workload]?.handlerRuns ?? 0;

const sleep = async (ms: number): Promise<void> =>
  await new Promise((resolve) => setTimeout(resolve, ms));

/** One `heddle breaker` command. */
async function breaker(...words: readonly string[]): Promise<Ran> {
  let [out, err] = ["", ""];
  const { control, token } = mesh.ready;
  const code = await runCli(["breaker", ...words], {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    stdin: async () => "",
    env: { HEDDLE_CONTROL: control, HEDDLE_TOKEN: token },
    cwd: mesh.folder,
    hasColor: false,
    onStop: () => undefined,
  });
  return { code, out, err };
}

describe("an outage", () => {
  it("is cut off after a moment, probed by leases and found over", async () => {
    let path = "/flaky/";
    const before = await runsOf("default/flaky");
    const calls = load(() => path);
    await calls.more(300);
    path = "/flaky/status/503";
    const isCut = async (): Promise<boolean> => (await stateOf("default/flaky")) !== "closed";
    await expect.poll(isCut, { timeout: 20_000 }).toBe(true);
    // By then each isolate has heard of it, or asks.
    await sleep(1200);
    const [cut, cutRuns] = [await circuitOf("default/flaky"), await runsOf("default/flaky")];
    await sleep(2000);
    const [over, overRuns] = [await circuitOf("default/flaky"), await runsOf("default/flaky")];
    path = "/flaky/";
    await expect
      .poll(async () => await stateOf("default/flaky"), { timeout: 25_000 })
      .toBe("closed");
    const closed = await circuitOf("default/flaky");
    const seen = await calls.stop();

    // The moment: what reached the endpoint before all isolates held back.
    expect(cutRuns - before).toBeLessThan(300 + 600);
    // A round of probes is two changes of state; one may have been under way when the count began.
    const rounds = (over!.generation - cut!.generation) / 2 + 1;
    expect(overRuns - cutRuns).toBeLessThanOrEqual(3 * rounds);
    // Two rounds: at most open, half-open, open, half-open, closed.
    expect(closed!.generation - over!.generation).toBeLessThanOrEqual(5);
    const refused = seen.filter(isRefused);
    expect(refused.length).toBeGreaterThan(50);
    expect(refused.every(({ status }) => status === 503)).toBe(true);
    expect((await runsOf("default/flaky")) - before).toBe(seen.length - refused.length);
  }, 60_000);

  it("of a canary at 50/50 leaves the stable side alone", async () => {
    const calls = load(() => "/echo/failing/echo-v2");
    const isCut = async (): Promise<boolean> => (await stateOf("default/echo-v2")) === "open";
    await expect.poll(isCut, { timeout: 20_000 }).toBe(true);
    await calls.more(200);
    expect(await stateOf("default/echo-v1")).toBe("closed");
    const seen = await calls.stop();
    const stable = seen.filter(({ body }) => body === "echo-v1");
    expect(stable.length).toBeGreaterThan(seen.length * 0.45);
    // What the canary's circuit refuses goes to the other side, once it is open.
    const last = seen.slice(-100);
    expect(last.filter(({ body }) => body === "echo-v1").length).toBeGreaterThan(75);
  }, 30_000);
});

describe("is not opened", () => {
  it("for others by one caller's garbage", async () => {
    const calls = load((caller) => (caller === "idle" ? "/vault/status/503" : "/vault/"));
    await calls.more(500);
    await sleep(1200);
    const seen = await calls.stop();
    expect(await stateOf("default/vault")).toBe("closed");
    const others = seen.filter(({ caller }) => caller !== "idle");
    expect(others.filter(({ status }) => status !== 200)).toEqual([]);
  }, 30_000);

  it("by 500s, or by what a method throws", async () => {
    await paced(120, 1200, async (index) => {
      const caller = CALLERS[index % CALLERS.length]!;
      await mesh.ask({ caller, path: "/burst/2/echo/status/500" });
      await mesh.ask({ caller, path: "/rpc/vault-methods/boom?arg=no" });
    });
    await sleep(1200);
    expect(await stateOf("default/vault")).toBe("closed");
    expect(await stateOf("default/echo-v1")).toBe("closed");
  }, 30_000);
});

it("does not spread to those who hand on what failed", async () => {
  // The gateway calls `front`, which gives back what `flaky` answered.
  const states: number[] = [];
  await paced(200, 2000, async () => {
    const { status } = await mesh.ask({ caller: "front", path: "/flaky/status/503" });
    states.push(status);
  });
  expect(states.every((status) => status === 503)).toBe(true);
  expect(await stateOf("default/front")).toBe("closed");
  expect(await mesh.ask({ caller: "front", path: "/vault/" })).toMatchObject({ status: 200 });
}, 30_000);

it("is steered by hand", async () => {
  const tripped = await breaker("trip", "vault", "-o", "json");
  expect(tripped, tripped.err).toMatchObject({ code: 0 });
  expect(JSON.parse(tripped.out)).toMatchObject({
    items: [{ service: "default/vault", endpoint: "default/vault", state: "isolated" }],
  });
  const refused = async (): Promise<number> => {
    const seen = await Promise.all(CALLERS.map((caller) => pair(caller, "/vault/")));
    return seen.flat().filter(isRefused).length;
  };
  await expect.poll(refused, { timeout: 10_000 }).toBe(2 * CALLERS.length);
  const listed = await breaker("list", "vault");
  expect(listed.out).toMatch(/default\/vault +default\/vault +- +isolated/);
  expect(await breaker("reset", "vault")).toMatchObject({ code: 0 });
  await expect.poll(refused, { timeout: 10_000 }).toBe(0);
  expect(await breaker("trip", "nobody")).toMatchObject({ code: 1 });
}, 30_000);

it("costs no call when its objects restart, are evicted or overloaded", async () => {
  const calls = load(() => "/vault/");
  for (const mode of ["restart", "evict", "overload", "down", "ok"]) {
    await mesh.fault("objects:CircuitBreaker", mode);
    await calls.more(100);
  }
  expect((await calls.stop()).filter(({ status }) => status !== 200)).toEqual([]);
}, 30_000);
