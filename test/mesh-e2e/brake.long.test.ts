// The edge-wide brake as callers meet it: retries that a route writes do not multiply an outage, and come back after it.
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Load, startLoad } from "./load.ts";
import { type Mesh, startProject } from "./mesh.ts";
import { CALLERS, routeOf } from "./project.ts";

/** What attempts are allowed per call in an outage. */
const MOST_PER_CALL = 1.1;

let mesh: Mesh;
beforeAll(async () => {
  mesh = await startProject("brake", [
    routeOf("flaky", {
      retry: { attempts: 3, codes: [503], backoff: "1ms" },
      backendRefs: [{ name: "flaky", port: 80 }],
    }),
    // The breaker would end the outage's calls before anything else could.
    {
      apiVersion: "heddle.dev/v1",
      kind: "TrafficPolicy",
      metadata: { name: "no-breaker" },
      spec: {
        targetRefs: ["flaky", ...CALLERS].map((name) => ({ name })),
        breaker: { failureRatio: 0 },
      },
    },
  ]);
}, 60_000);
afterAll(async () => await mesh?.close());

const runs = async (): Promise<number> =>
  (await mesh.counters())["default/flaky"]?.handlerRuns ?? 0;

it("holds a route's retries back while all fails, and lets them go out again", async () => {
  /** Calls that keep coming until that resolves: how many were made, and the attempts they came to. */
  const during = async (
    path: string,
    until: (calls: Load) => Promise<void>,
  ): Promise<{ readonly calls: number; readonly attempts: number }> => {
    const before = await runs();
    const load = startLoad(mesh, () => path);
    await until(load);
    const calls = (await load.stop()).length;
    return { calls, attempts: (await runs()) - before };
  };
  // By then the objects know the policy, too.
  await during("/flaky/", async (load) => await load.more(300));
  const startMs = performance.now();
  const storm = await during("/flaky/status/503", async (load) => {
    /** Attempts per call, about: some are under way. */
    const perCall = async (): Promise<number> => {
      const [attempts, calls] = [await runs(), load.seen.length];
      await load.more(150);
      return ((await runs()) - attempts) / (load.seen.length - calls);
    };
    await expect.poll(perCall, { timeout: 30_000, interval: 1 }).toBeLessThan(MOST_PER_CALL);
  });
  const brakedMs = performance.now() - startMs;
  const held = await during("/flaky/status/503", async (load) => await load.more(1500));
  const overMs = performance.now();
  let key = 0;
  const isRetried = async (): Promise<number> =>
    (await mesh.ask({ caller: "front", path: `/flaky/flaky/again-${key++}?fail=1` })).status;
  await during("/flaky/", async () => {
    await expect.poll(isRetried, { timeout: 30_000, interval: 200 }).toBe(200);
  });
  const releasedMs = performance.now() - overMs;
  console.log(
    `before the brake: ${storm.attempts} attempts of ${storm.calls} calls, within ${Math.round(brakedMs)} ms; with it: ${held.attempts} of ${held.calls}; off ${Math.round(releasedMs)} ms after recovery`,
  );
  expect(storm.attempts - storm.calls).toBeGreaterThan(20);
  expect(held.attempts).toBeGreaterThanOrEqual(held.calls);
  expect(held.attempts).toBeLessThan(MOST_PER_CALL * held.calls);
  // The first of them came too early.
  expect(key).toBeGreaterThan(1);
}, 120_000);
