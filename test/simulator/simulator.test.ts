// The whole mesh in virtual time: five million calls under drawn faults, and that a run is what its seed says.
import { expect, test } from "vitest";
import { INVARIANTS, describe, runMany, runSeed } from "../../mesh/simulator.ts";

test("no invariant is broken in five million calls, and each is put to the test", async () => {
  const report = await runMany({ seeds: 25, calls: 195_000 });
  expect(report.broken, describe(report)).toBe(0);
  expect(report.neverMet).toEqual([]);
  expect(Object.keys(report.met)).toEqual(Object.keys(INVARIANTS));
  const unfelt = Object.entries(report.fired).filter(([, count]) => count === 0);
  expect(unfelt).toEqual([]);
  expect(report.calls).toBeGreaterThan(5_000_000);
}, 400_000);

test("the same seed is the same run, another seed is another", async () => {
  const first = await runSeed(12, 3000);
  expect(await runSeed(12, 3000)).toEqual(first);
  expect((await runSeed(13, 3000)).hash).not.toBe(first.hash);
}, 60_000);

test("what the runtime gives is the runtime's own again after a run", async () => {
  const before = [Date.now, Math.random, setTimeout, AbortSignal.timeout, Response, console.log];
  await runSeed(1, 200);
  const after = [Date.now, Math.random, setTimeout, AbortSignal.timeout, Response, console.log];
  expect(after.map((own, at) => own === before[at])).toEqual(before.map(() => true));
  expect(Math.abs(Date.now() - new Date().getTime())).toBeLessThan(1000);
  expect(await new Response("own").text()).toBe("own");
}, 60_000);
