// Owns the checks of health-aware shares: priorities, panic, degraded endpoints, localities.
import { localityShares } from "../../../mesh/algorithms/balance/locality.ts";
import { type LevelLoad, priorityLoads } from "../../../mesh/algorithms/balance/priority.ts";
import { type Check, near } from "./check.ts";

interface Row {
  readonly healthy_percent: readonly number[];
  readonly traffic_percent?: readonly number[];
  readonly formula_traffic_percent?: readonly number[];
  readonly panic?: readonly boolean[];
  readonly panic_threshold?: number;
}

interface Degraded {
  readonly healthy: number;
  readonly degraded: number;
  readonly unhealthy: number;
  readonly traffic_healthy: number;
  readonly traffic_degraded: number;
}

interface Locality {
  readonly x_healthy: number;
  readonly traffic_x: number;
  readonly traffic_y: number;
}

/** The checks of one document of schema meshtables/1. */
export function loadChecks(document: Readonly<Record<string, unknown>>): readonly Check[] {
  const rows = <T>(name: string): readonly T[] => (document[name] ?? []) as readonly T[];
  const tolerance = Number(document["tolerance_percent_points"] ?? 1);
  const factor = Number(document["overprovisioning_factor"] ?? 1.4);
  const normal = Number(document["panic_threshold_default_percent"] ?? 50);
  const loadsOf = ({ healthy_percent, panic_threshold = normal }: Row): LevelLoad[] =>
    priorityLoads(
      healthy_percent.map((healthy) => ({ healthy, total: 100 })),
      panic_threshold,
      factor,
    );
  const check = (row: Row): string[] => {
    const loads = loadsOf(row);
    const wanted = row.traffic_percent ?? row.formula_traffic_percent;
    return [
      ...(wanted
        ? near(
            "traffic",
            wanted,
            loads.map(({ share }) => 100 * share),
            tolerance,
          )
        : []),
      ...(row.panic ? comparePanic(row.panic, loads) : []),
    ];
  };
  const titled = (kind: string, row: Row): string => `${kind} ${row.healthy_percent.join("/")}`;
  return [
    ...rows<Row>("priority").map((row) => ({ title: titled("priority", row), detail: check(row) })),
    ...rows<Row>("panic").map((row) => ({ title: titled("panic", row), detail: check(row) })),
    ...rows<Row>("panic_rows_where_the_document_and_the_formula_disagree").map((row) => ({
      title: titled("formula", row),
      detail: check(row),
      reported: true,
    })),
    ...rows<Degraded>("degraded").map((row) => checkDegraded(row, tolerance)),
    ...rows<Locality>("locality_weights_x1_y2_y_healthy").map((row) =>
      checkLocality(row, tolerance),
    ),
  ];
}

function comparePanic(wanted: readonly boolean[], loads: readonly LevelLoad[]): string[] {
  const got = loads.map(({ isPanic }) => isPanic);
  const isEqual = wanted.every((one, index) => one === got[index]);
  return isEqual ? [] : [`panic: expected ${wanted.join(", ")}, got ${got.join(", ")}`];
}

/** Degraded endpoints are a level of their own behind the healthy ones. */
function checkDegraded(row: Degraded, tolerance: number): Check {
  const total = row.healthy + row.degraded + row.unhealthy;
  const loads = priorityLoads([
    { healthy: row.healthy, total },
    { healthy: row.degraded, total },
  ]);
  const wanted = [row.traffic_healthy, row.traffic_degraded];
  const got = loads.map(({ share }) => 100 * share);
  return {
    title: `degraded ${row.healthy}/${row.degraded}/${row.unhealthy}`,
    detail: near("traffic", wanted, got, tolerance),
  };
}

function checkLocality(row: Locality, tolerance: number): Check {
  const shares = localityShares([
    { weight: 1, healthy: row.x_healthy, total: 100 },
    { weight: 2, healthy: 100, total: 100 },
  ]);
  const got = shares.map((share) => 100 * share);
  return {
    title: `locality ${row.x_healthy}`,
    detail: near("traffic", [row.traffic_x, row.traffic_y], got, tolerance),
  };
}
