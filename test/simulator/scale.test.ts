// The model of size keeps its bounds, and docs/scale.md says what it says.
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test, vi } from "vitest";
import { runScale } from "../../mesh/simulator.ts";
import { ROWS, rowOf } from "./scale-table.ts";

// A row is a second or two of work, on a machine that may have other work.
vi.setConfig({ testTimeout: 120_000 });

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

test("a tree of shards keeps every object within its bound, and is no slower than a second", () => {
  const report = runScale({ isolates: 60_000, rate: 0.1, seed: 1 });
  expect(report.shards).toBeGreaterThan(1);
  expect(report.objectPeak).toBeLessThanOrEqual(500);
  expect(report.mostProbes).toBeLessThanOrEqual(3);
  expect(report.rounds).toBeLessThanOrEqual(2);
});

test("calls drawn in bulk come to what calls drawn one by one come to", () => {
  const [each, bulk] = [false, true].map((isBulk) =>
    runScale({ isolates: 2000, rate: 20, seed: 1, isBulk }),
  );
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
