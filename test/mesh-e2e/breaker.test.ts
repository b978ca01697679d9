// The breaker as callers meet it: one circuit for the whole edge, per endpoint, closed again by a handful of probes.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Circuit, Edge, Stat } from "../../mesh/contract/api.ts";
import { runCli } from "../../cli/program.ts";
import { callTwice, isRefused, type Load, type Seen, startLoad } from "./load.ts";
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

const pair = (caller: string, path: string): Promise<readonly Seen[]> =>
  callTwice(mesh, caller, path);
const load = (pathOf: (caller: string) => string): Load => startLoad(mesh, pathOf);

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

/** What is counted for each caller is what it saw: a refused call is none of the upstream's. */
async function expectCounted(seen: readonly Seen[]): Promise<void> {
  for (const caller of CALLERS) {
    const own = seen.filter((one) => one.caller === caller);
    const refused = own.filter(isRefused).length;
    const edgeOf = async (): Promise<unknown> => {
      const { edges } = await mesh.control<Stat>("GET /v1/stat?window=ever");
      const edge = edges.find(
        ({ source, destination }) =>
          source === `default/${caller}` && destination === "default/flaky",
      );
      return [edge?.effective?.count, edge?.actual?.count, edge?.refusals];
    };
    await expect
      .poll(edgeOf, { timeout: 20_000, interval: 250 })
      .toEqual([own.length, own.length - refused, { circuit_open: refused }]);
  }
}

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
  it("is cut off within 2 s of its 50th failure, probed by leases and found over", async () => {
    let path = "/flaky/";
    const before = await runsOf("default/flaky");
    const calls = load(() => path);
    await calls.more(300);
    path = "/flaky/status/503";
    const failures = (): readonly Seen[] =>
      calls.seen.filter((one) => one.status === 503 && !isRefused(one));
    await expect
      .poll(() => failures().length, { timeout: 20_000, interval: 10 })
      .toBeGreaterThanOrEqual(50);
    // The time that is promised, from the moment the 50th failure was seen.
    const cutMs = failures()[49]!.atMs + 2000;
    await sleep(cutMs - performance.now());
    const [cut, cutRuns] = [await circuitOf("default/flaky"), await runsOf("default/flaky")];
    await sleep(4000);
    path = "/flaky/";
    const overMs = performance.now();
    const [over, overRuns] = [await circuitOf("default/flaky"), await runsOf("default/flaky")];
    await expect
      .poll(async () => await stateOf("default/flaky"), { timeout: 25_000 })
      .toBe("closed");
    const closed = await circuitOf("default/flaky");
    const seen = await calls.stop();

    expect(cut!.state).not.toBe("closed");
    // A round of probes is two changes of state; one may have been under way when the count began.
    const most = 3 * ((over!.generation - cut!.generation) / 2 + 1);
    expect(overRuns - cutRuns).toBeLessThanOrEqual(most);
    const meanwhile = seen.filter(({ atMs }) => atMs > cutMs && atMs < overMs);
    expect(meanwhile.length).toBeGreaterThan(100);
    expect(meanwhile.filter((one) => !isRefused(one)).length).toBeLessThanOrEqual(most);
    // The round that was under way, if one was, and two more; each takes two changes of state.
    const underway = over!.state === "half_open" ? 1 : 0;
    expect(closed!.generation - over!.generation).toBeLessThanOrEqual(4 + underway);
    const refused = seen.filter(isRefused);
    expect(refused.every(({ status }) => status === 503)).toBe(true);
    expect((await runsOf("default/flaky")) - before).toBe(seen.length - refused.length);
    await expectCounted(seen);
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

const GOOD = CALLERS.filter((caller) => caller !== "idle");

describe("is not opened", () => {
  it("for others by one caller's garbage", async () => {
    // Who opens a circuit before anybody else has told of it is found out by its probes (breaker-alone.test.ts).
    await paced(60, 600, async (index) => mesh.ask({ caller: GOOD[index % 2]!, path: "/vault/" }));
    await expectTold("default/vault");
    const calls = load((caller) => (caller === "idle" ? "/vault/status/503" : "/vault/"));
    await calls.more(500);
    const seen = await calls.stop();
    await expectTold("default/vault");
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
    await expectTold("default/vault");
    await expectTold("default/echo-v1");
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

/** How often all callers called a service, what reached it, what was refused; by telemetry, and by its own Worker. */
async function countsOf(service: string): Promise<Readonly<Record<string, number>>> {
  const { edges } = await mesh.control<Stat>("GET /v1/stat?window=ever");
  const own = edges.filter(({ destination }) => destination === service);
  const sum = (of: (edge: Edge) => number | undefined): number =>
    own.reduce((total, edge) => total + (of(edge) ?? 0), 0);
  return {
    calls: sum(({ effective }) => effective?.count),
    attempts: sum(({ actual }) => actual?.count),
    refused: sum(({ refusals }) => refusals["circuit_open"]),
    runs: await runsOf(service),
  };
}

/** Waits until the objects were told of every call that a service's Worker ran; circuits are told of in the same pulses. */
async function expectTold(service: string): Promise<void> {
  const isTold = async (): Promise<boolean> => {
    const { attempts, runs } = await countsOf(service);
    return attempts === runs;
  };
  await expect.poll(isTold, { timeout: 20_000, interval: 250 }).toBe(true);
}

const CALLS = process.env["HEDDLE_LONG"] ? 10_000 : 1000;
const TARGETS = ["objects:CircuitBreaker", "objects:Telemetry", "objects:Registry"] as const;
const MODES = ["restart", "overload", "evict", "overload"] as const;

/** Each mode in turn meets each object, so long as the test goes on. */
async function troubleUntil(isOver: () => boolean): Promise<void> {
  for (let turn = 0; !isOver(); turn++) {
    for (const target of TARGETS) await mesh.fault(target, MODES[turn % MODES.length]!);
    await sleep(300);
  }
  for (const target of TARGETS) await mesh.fault(target, "ok");
}

it(
  `costs none of ${CALLS} calls, counts each once and does not get stuck while its objects are in trouble`,
  async () => {
    const [service, healthy] = ["default/vault", "/vault/"] as const;
    // A cold isolate joins, within a time that a busy machine may not keep.
    const isWarm = async (): Promise<boolean> =>
      (await Promise.all(CALLERS.map((caller) => pair(caller, healthy))))
        .flat()
        .every(({ status }) => status === 200);
    await expect.poll(isWarm, { timeout: 20_000 }).toBe(true);
    await expectTold(service);
    const before = await countsOf(service);
    let [path, isOver] = [healthy as string, false];
    const trouble = troubleUntil(() => isOver);
    const calls = load(() => path);
    await calls.more(CALLS);
    const good = [...calls.seen];
    // It fails, and is well again, with no object at rest.
    path = "/vault/status/503";
    await expect
      .poll(() => calls.seen.slice(-20).filter(isRefused).length, { timeout: 20_000 })
      .toBeGreaterThan(5);
    await calls.more(CALLS / 5);
    path = healthy;
    await calls.more(CALLS / 5);
    isOver = true;
    await trouble;
    const isWell = (): boolean => calls.seen.slice(-20).every(({ status }) => status === 200);
    await expect.poll(isWell, { timeout: 25_000 }).toBe(true);
    await expect.poll(async () => await stateOf(service), { timeout: 10_000 }).toBe("closed");
    const seen = await calls.stop();

    expect(good.filter(({ status }) => status !== 200)).toEqual([]);
    expect(seen.every((one) => one.status === 200 || one.status === 503)).toBe(true);
    const refused = seen.filter(isRefused).length;
    await expect
      .poll(async () => await countsOf(service), { timeout: 30_000, interval: 250 })
      .toEqual({
        calls: before["calls"]! + seen.length,
        attempts: before["attempts"]! + seen.length - refused,
        refused: before["refused"]! + refused,
        runs: before["runs"]! + seen.length - refused,
      });
  },
  process.env["HEDDLE_LONG"] ? 300_000 : 90_000,
);
