// The model of size keeps its bounds, and docs/scale.md says what it says.
import { readFileSync } from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import type * as Outboxes from "../../mesh/algorithms/pulse/outbox.ts";
import { runScale } from "../../mesh/simulator.ts";
import type * as Simulator from "../../mesh/simulator.ts";
import { meanOf, ROWS, rowOf } from "./scale-table.ts";

// A row is a second or two of work, on a machine that may have other work.
vi.setConfig({ testTimeout: 120_000 });

const OUTBOX = "../../mesh/algorithms/pulse/outbox.ts";
const page = readFileSync(path.join(import.meta.dirname, "../../docs/scale.md"), "utf8");

describe("2,000 isolates at 2 calls a second each", () => {
  test.each([1, 2, 3, 4, 5])("seed %i", (seed) => {
    const report = runScale({ isolates: 2000, rate: 2, seed });
    expect(report.openedMs).toBeGreaterThan(0);
    expect(report.openedMs).toBeLessThanOrEqual(2000);
    expect(report.mostProbes).toBeLessThanOrEqual(3);
    expect(report.closedMs).toBeGreaterThan(0);
    expect(report.rounds).toBeLessThanOrEqual(2);
    expect(report.objectPeak).toBeLessThanOrEqual(500);
  });
});

const LOSSY = [
  { isolates: 67, rate: 16.9, lossShare: 0.238, failShare: 0.95, seed: 23 },
  { isolates: 238, rate: 31.7, lossShare: 0.251, failShare: 0.93, seed: 38 },
  { isolates: 92, rate: 12.3, lossShare: 0.239, failShare: 0.83, seed: 47 },
] as const;

describe("with pulses lost", () => {
  afterEach(() => {
    vi.doUnmock(OUTBOX);
    vi.resetModules();
  });

  test.each(LOSSY)("it closes within two rounds and stays closed: seed $seed", (options) => {
    const report = runScale(options);
    expect(report.openedMs).toBeGreaterThan(0);
    expect(report.closedMs).toBeGreaterThan(0);
    expect(report.rounds).toBeLessThanOrEqual(2);
  });

  test("it would not, and this would show, did isolates tell each thing only once", async () => {
    vi.resetModules();
    vi.doMock(OUTBOX, async (importOriginal) => {
      const own = await importOriginal<typeof Outboxes>();
      const takeParts: typeof own.takeParts = (outbox) => {
        const parts = own.takeParts(outbox);
        for (const box of outbox.values()) box.underway = [];
        return parts;
      };
      return { ...own, takeParts };
    });
    const broken: typeof Simulator = await import("../../mesh/simulator.ts");
    const rounds = LOSSY.map((options) => broken.runScale(options).rounds);
    expect(rounds.every((count) => count > 2)).toBe(true);
  });
});

test("a tree of shards keeps every object within its bound, and is no slower than a second", () => {
  const report = runScale({ isolates: 60_000, rate: 0.1, seed: 1 });
  expect(report.shards).toBeGreaterThan(1);
  expect(report.objectPeak).toBeLessThanOrEqual(500);
  expect(report.mostProbes).toBeLessThanOrEqual(3);
  expect(report.rounds).toBeLessThanOrEqual(2);
});

test("a circuit becomes a tree while it is called, and keeps its bounds", () => {
  const report = runScale({ isolates: 40_000, rate: 0.1, seed: 1, isKnown: false });
  expect(report.shards).toBe(32);
  expect(report.objectPeak).toBeGreaterThan(250);
  expect(report.objectPeak).toBeLessThanOrEqual(500);
  expect(report.mostProbes).toBeLessThanOrEqual(3);
  expect(report.rounds).toBeLessThanOrEqual(2);
  expect(report.closedMs).toBeGreaterThan(0);
});

test("calls drawn in bulk come to what calls drawn one by one come to", () => {
  const [each, bulk] = [false, true].map((isBulk) => meanOf(2000, 20, isBulk));
  const isNear = (one = 0, other = 0): boolean => Math.abs(one - other) <= 0.05 * one;
  expect(isNear(each?.openedMs, bulk?.openedMs)).toBe(true);
  expect(isNear(each?.wasted, bulk?.wasted)).toBe(true);
  expect(isNear(each?.closedMs, bulk?.closedMs)).toBe(true);
  expect(isNear(each?.pulsesPerCall, bulk?.pulsesPerCall)).toBe(true);
});

test("docs/scale.md has every row, within the bound", () => {
  for (const [isolates, rate] of ROWS) {
    const row = page.split("\n").find((line) => line.startsWith(`| ${isolates} | ${rate} | `));
    const cells = row?.split("|").map((cell) => cell.trim()) ?? [];
    expect(Number(cells[8]), `${isolates} at ${rate}`).toBeLessThanOrEqual(3);
    expect(Number(cells[9]), `${isolates} at ${rate}`).toBeLessThanOrEqual(500);
  }
});

test.each(ROWS.filter(([isolates, rate]) => isolates * rate <= 4000 && isolates <= 2000))(
  "docs/scale.md is right about %i isolates at %f (else: npm run scale)",
  (isolates, rate) => {
    expect(page).toContain(rowOf(isolates, rate));
  },
);
