// Static stability: with control, KV and the objects away, one by one or together, calls go on, warm or cold.
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Answer } from "../conformance/meshconf/answer.ts";
import { inParallel, type Mesh, paced, type Question, startProject } from "./mesh.ts";
import { serviceOf, splitOf } from "./project.ts";

const isLong = process.env["HEDDLE_LONG"] !== undefined;
const WARM = isLong ? { calls: 10_000, ms: 60_000 } : { calls: 800, ms: 4000 };
const ONE_DOWN = isLong ? { calls: 1000, ms: 10_000 } : { calls: 150, ms: 1500 };
const COLD_CALLS = isLong ? 1000 : 150;
const CALLEES = ["default/echo-v1", "default/echo-v2", "default/flaky", "default/vault"];
const CALLERS = ["default/front", "default/other", "default/idle"];

let mesh: Mesh;
beforeAll(async () => {
  mesh = await startProject("stability", [
    splitOf(50),
    serviceOf("vault", { identity: { level: "strict" } }),
    serviceOf("flaky", { identity: { level: "request" } }),
  ]);
}, 60_000);
afterAll(async () => await mesh?.close());
afterEach(async () => {
  for (const target of ["control", "kv", "objects", "pulse"]) await mesh.fault(target, "ok");
  await mesh.fault("isolate:*", "restart");
});

/** `fetch`, RPC and a body in turn, at `session` and at `request`. */
const KINDS: readonly Omit<Question, "caller">[] = [
  { path: "/echo/" },
  { path: "/rpc/echo-methods/who?arg=" },
  { path: "/echo/seen", method: "POST", body: "thread" },
  { path: "/flaky/" },
  { path: "/flaky/seen", method: "PUT", body: "thread" },
];

const askNth = async (index: number): Promise<Answer> =>
  mesh.ask({ caller: ["front", "other", "idle"][index % 3]!, ...KINDS[index % KINDS.length]! });

/** What did not go well, counted. */
function failures(answers: readonly Answer[]): Record<string, number> {
  const count: Record<string, number> = {};
  for (const { status, body } of answers) {
    if (status === 200) continue;
    const key = `${status} ${body.slice(0, 200).replaceAll(/"traceId":"\w+"/g, "")}`;
    count[key] = (count[key] ?? 0) + 1;
  }
  return count;
}

/** So many calls at once, as cold isolates meet them. */
const askCold = async (): Promise<Record<string, number>> =>
  failures(await inParallel(COLD_CALLS, 16, askNth));

const warmUp = async (): Promise<void> => {
  expect(failures(await inParallel(60, 8, askNth))).toEqual({});
};

/** Answers of the destination at `strict`. */
const askStrict = async (): Promise<number[]> => {
  const paths = ["/vault/", "/rpc/vault-methods/who?arg="];
  return Promise.all(paths.map(async (path) => (await mesh.ask({ caller: "front", path })).status));
};

const degradedLines = (from: number): readonly Record<string, unknown>[] =>
  mesh.said
    .slice(from)
    .filter((line) => line.includes('"degraded":true'))
    .map((line) => JSON.parse(line.slice(line.indexOf("{"))) as Record<string, unknown>);

describe("static stability", { timeout: 180_000 }, () => {
  it("goes on warm with control down and KV emptied", async () => {
    await warmUp();
    await mesh.fault("control", "down");
    await mesh.fault("kv", "empty");
    expect(failures(await paced(WARM.calls, WARM.ms, askNth))).toEqual({});
  });

  it.each<[string, readonly string[]]>([
    ["all isolates", ["isolate:*"]],
    ["only the callees", CALLEES.map((name) => `isolate:${name}`)],
    ["only the callers", CALLERS.map((name) => `isolate:${name}`)],
  ])("goes on with %s cold, degraded; strict is refused", async (_, targets) => {
    await warmUp();
    expect(await askStrict()).toEqual([200, 200]);
    await mesh.fault("control", "down");
    await mesh.fault("kv", "empty");
    for (const target of targets) await mesh.fault(target, "restart");
    const from = mesh.said.length;
    expect(await askCold()).toEqual({});
    expect(await askStrict()).toEqual([503, 500]);
    expect(degradedLines(from).length).toBeGreaterThan(0);

    await mesh.fault("control", "ok");
    await expect.poll(askStrict, { timeout: 10_000 }).toEqual([200, 200]);
    await warmUp();
  });

  it("goes on cold with all of control, KV and the objects down", async () => {
    await warmUp();
    for (const target of ["control", "kv", "objects"]) await mesh.fault(target, "down");
    expect(failures(await inParallel(COLD_CALLS, 16, askNth))).toEqual({});
    await mesh.fault("isolate:*", "restart");
    expect(await askCold()).toEqual({});
  });

  it.each([
    ["control", "down"],
    ["control", "overload"],
    ["kv", "down"],
    ["objects", "down"],
    ["pulse", "down"],
  ])("goes on with %s %s, warm and cold", async (target, mode) => {
    await warmUp();
    await mesh.fault(target, mode);
    expect(failures(await paced(ONE_DOWN.calls, ONE_DOWN.ms, askNth))).toEqual({});
    await mesh.fault("isolate:*", "restart");
    expect(await askCold()).toEqual({});
  });

  it.each(["control", "pulse", "kv"])(
    "waits for a slow %s a moment and goes on",
    async (target) => {
      await warmUp();
      await mesh.fault(target, "slow", { ms: 5000 });
      const timed = async (index: number): Promise<{ answer: Answer; ms: number }> => {
        const startMs = performance.now();
        const answer = await askNth(index);
        return { answer, ms: performance.now() - startMs };
      };
      const warm = await paced(150, 2000, timed);
      expect(failures(warm.map(({ answer }) => answer))).toEqual({});
      expect(warm.filter(({ ms }) => ms > 400).length).toBeLessThan(3);

      for (const name of CALLERS) await mesh.fault(`isolate:${name}`, "restart");
      const cold = await inParallel(60, 20, timed);
      expect(failures(cold.map(({ answer }) => answer))).toEqual({});
      const slowest = Math.max(...cold.map(({ ms }) => ms));
      expect(slowest).toBeLessThan(900);
    },
  );
});
