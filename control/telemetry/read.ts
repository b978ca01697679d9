// Owns reading Telemetry's objects: which destinations there are, and what each has counted.
import { durationSchema, toMilliseconds } from "../../mesh/contract/resources/duration.ts";
import type { TelemetryReading } from "../../mesh/contract/state.ts";
import { GATEWAY_WORKLOAD, RELAY_WORKLOAD } from "../../mesh/contract/wiring.ts";
import type { Control } from "../control.ts";
import { type Outcome, done, failed, problem } from "../problem.ts";
import { impliedServices } from "../resources/implied-services.ts";
import { listWorkloads } from "../resources/workloads.ts";
import { statOf } from "./stat.ts";
import type { Stat } from "../../mesh/contract/api.ts";

export type Readings = readonly (readonly [destination: string, reading: TelemetryReading])[];

/** Objects asked at a time. */
const AT_ONCE = 32;
const DEFAULT_WINDOW = "1m";
const LONGEST_MS = 6 * 3_600_000;

/** What a request for golden signals asks: services `name` or `ns/name`, separated by commas, and a window. */
export interface StatQuery {
  /** Absent: all. */
  readonly service?: string | undefined;
  /** A duration, or `ever`. */
  readonly window?: string | undefined;
}

/** Golden signals of the services a request names. */
export async function readStat(control: Control, query: StatQuery): Promise<Outcome<Stat>> {
  const { window = DEFAULT_WINDOW } = query;
  const isDuration = durationSchema.safeParse(window).success;
  const windowMs = isDuration ? toMilliseconds(window) : null;
  if (window !== "ever" && (windowMs === null || windowMs < 1000 || windowMs > LONGEST_MS))
    return failed(
      problem("malformed", '`window` is a duration from 1s to 6h, such as "10m", or "ever".'),
    );
  const known = await destinations(control);
  const asked = query.service?.split(",").map(toName) ?? known;
  const unknown = asked.find((name) => !known.includes(name));
  if (unknown !== undefined)
    return failed(problem("not_found", `There is no service ${unknown} in the mesh.`));
  return done(statOf(await readDestinations(control, asked, windowMs), windowMs));
}

const toName = (name: string): string => (name.includes("/") ? name : `default/${name}`);

/** Every name that calls may be counted under. */
export async function destinations(control: Control): Promise<readonly string[]> {
  const written = await control.store.list("Service");
  const [implied, workloads] = await Promise.all([
    impliedServices(control, written, undefined),
    listWorkloads(control),
  ]);
  const services = [...written, ...implied].map(
    ({ metadata }) => `${metadata.namespace}/${metadata.name}`,
  );
  const own = workloads.map(({ workload }) => workload);
  return [...new Set([...services, ...own, GATEWAY_WORKLOAD, RELAY_WORKLOAD])].toSorted();
}

/** Readings of destinations that have counted anything. */
export async function readDestinations(
  control: Control,
  names: readonly string[],
  windowMs: number | null,
): Promise<Readings> {
  const readings: [string, TelemetryReading][] = [];
  for (let at = 0; at < names.length; at += AT_ONCE) {
    const some = names.slice(at, at + AT_ONCE);
    const read = await Promise.all(some.map((name) => control.telemetry(name).read(windowMs)));
    for (const [index, reading] of read.entries())
      if (reading.series.length > 0) readings.push([some[index] ?? "", reading]);
  }
  return readings;
}
