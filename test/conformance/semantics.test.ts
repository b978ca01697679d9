// The drivers of tables about algorithms: rows that hold, rows that do not, and what they do not know.
import { describe, expect, it } from "vitest";
import { hashingChecks } from "./meshsem/hashing.ts";
import { loadChecks } from "./meshsem/load-tables.ts";
import { weightChecks } from "./meshsem/weights.ts";

const failed = (checks: readonly { readonly detail: readonly string[] }[]): readonly boolean[] =>
  checks.map(({ detail }) => detail.length > 0);

describe("tables about algorithms", () => {
  it("tells shares that are right from wrong ones", () => {
    const priority = [
      { healthy_percent: [50, 100], traffic_percent: [70, 30] },
      { healthy_percent: [50, 100], traffic_percent: [50, 50] },
    ];
    const panic = [
      { healthy_percent: [49], panic: [true] },
      { healthy_percent: [49], panic: [false] },
    ];
    const degraded = [
      { healthy: 50, degraded: 50, unhealthy: 0, traffic_healthy: 70, traffic_degraded: 30 },
    ];
    const locality_weights_x1_y2_y_healthy = [{ x_healthy: 50, traffic_x: 26, traffic_y: 74 }];
    const document = { priority, panic, degraded, locality_weights_x1_y2_y_healthy };
    expect(failed(loadChecks(document))).toEqual([false, true, false, true, false, false]);
  });

  it("tells weights that are right from wrong ones", () => {
    const point = { window_s: 60, aggression: 1, t_s: 30, weight_factor: 0.5 };
    const document = {
      slow_start: { points: [point, { ...point, weight_factor: 0.6 }] },
      least_request: { points: [{ weight: 2, active: 4, bias: 1, effective: 0.4 }] },
      p2c_properties: [
        { hosts: 2, active: [0, 5], expect: "the idle one" },
        { hosts: 10, slow_host_latency_factor: 10, expect: "the slow one gets little" },
      ],
      weighted_round_robin: [{ weights: { a: 1, b: 2 }, picks: 30, expect: { a: 20, b: 10 } }],
    };
    expect(failed(weightChecks(document))).toEqual([false, true, false, false, false, true]);
  });

  it("measures hashing, and fails what it does not know", () => {
    const row = {
      algorithm: "ring-100-points-per-host",
      hosts: 3,
      ideal_moved: 0.333,
      moved_on_removal_mean: 0.333,
      moved_although_owner_stayed_max: 0,
      max_over_mean: 1.07,
    };
    const measured = [row, { ...row, algorithm: "dice" }];
    const properties = [
      { property: "weights 1:2 (Maglev 65537)", bound: "" },
      { property: "something else", bound: "" },
    ];
    expect(failed(hashingChecks({ measured, properties }))).toEqual([false, true, false, true]);
  });
});
