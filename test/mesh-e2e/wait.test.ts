// `heddle apply --wait`: once it returns, nobody decides by the old table, whether busy or idle before.
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Convergence } from "../../mesh/contract/api.ts";
import { inParallel, type Mesh, startProject } from "./mesh.ts";
import { CALLERS, splitOf } from "./project.ts";

/** Longer than the lease of a dev mesh, 2 s. */
const IDLE_MS = Number(process.env["HEDDLE_LONG"] ? 60_000 : 2500);
const CALLS = 500;
/** Of a fair split of so many calls. */
const SIGMA = Math.sqrt(CALLS * 0.25);

let mesh: Mesh;
beforeAll(async () => {
  mesh = await startProject("wait", [splitOf(100)]);
}, 60_000);
afterAll(async () => await mesh?.close());

/** So many entry requests without a cookie through a caller: how many each version answered. */
async function shares(caller: string): Promise<Record<string, number>> {
  const answers = await inParallel(CALLS, 8, () => mesh.ask({ caller, path: "/echo/" }));
  const count: Record<string, number> = {};
  for (const { status, body } of answers) {
    const key = status === 200 ? body : `${status} ${body}`;
    count[key] = (count[key] ?? 0) + 1;
  }
  return count;
}

/** Applies and waits, one caller having been idle and the others busy; ms it took. */
async function applyAfterIdling(v1: number): Promise<number> {
  await Promise.all(CALLERS.map((caller) => mesh.ask({ caller, path: "/echo/" })));
  const endMs = performance.now() + IDLE_MS;
  while (performance.now() < endMs) {
    for (const caller of ["front", "other"]) await mesh.ask({ caller, path: "/echo/" });
    await sleep(50);
  }
  const startMs = performance.now();
  const ran = await mesh.apply([splitOf(v1)], "--wait");
  expect(ran).toMatchObject({ code: 0, err: "" });
  return performance.now() - startMs;
}

/** Calls through the idle caller; whether control has heard from its isolate within the lease, with half of it left. */
async function wasHeardFrom(): Promise<boolean> {
  await mesh.ask({ caller: "idle", path: "/echo/" });
  const { acknowledged, leaseMs } = await mesh.control<Convergence>(
    "GET /v1/convergence?version=1",
  );
  return acknowledged.some(
    ({ workload, seenMs }) => workload === "default/idle" && Date.now() - seenMs < leaseMs / 2,
  );
}

describe("apply --wait", { timeout: 180_000 }, () => {
  it("returns within 5 s, and then every caller splits by the new weights", async () => {
    expect(await applyAfterIdling(50)).toBeLessThan(5000);
    for (const caller of CALLERS) {
      const { "echo-v1": v1 = 0, "echo-v2": v2 = 0 } = await shares(caller);
      expect(v1 + v2).toBe(CALLS);
      expect(Math.abs(v1 - CALLS / 2), `${caller}: ${v1}`).toBeLessThan(4 * SIGMA);
    }
  });

  it("leaves nobody on the old table", async () => {
    for (const [v1, only] of [
      [0, "echo-v2"],
      [100, "echo-v1"],
    ] as const) {
      expect(await applyAfterIdling(v1)).toBeLessThan(5000);
      const all = await Promise.all(CALLERS.map((caller) => shares(caller)));
      expect(all).toEqual(CALLERS.map(() => ({ [only]: CALLS })));
    }
  });

  it("names who had not acknowledged, once the lease has passed for it", async () => {
    await expect.poll(wasHeardFrom, { timeout: 10_000, interval: 50 }).toBe(true);
    // Its isolate is gone and will never say so.
    await mesh.fault("isolate:default/idle", "restart");
    const startMs = performance.now();
    const { code, err } = await mesh.apply([splitOf(40)], "--wait");
    expect(performance.now() - startMs).toBeLessThan(5000);
    expect(code).toBe(0);
    expect(err).toMatch(/^table \d+ is in use; not acknowledged by default\/idle \(on \d+\)\n$/);
  });
});
