// Owns what is believed of a part: an isolate runs next to code that is not ours, and may say anything.
import type { TakenPart } from "../../mesh/contract/state.ts";
import {
  OUTSIDE,
  type Durations,
  type Facet,
  type SeriesDelta,
  type TelemetryDelta,
} from "../../mesh/contract/telemetry.ts";
import { RELAY_WORKLOAD } from "../../mesh/contract/wiring.ts";

export type Part = TakenPart<TelemetryDelta>;

/** More series in one part, outcomes in one series or characters in one name are not taken. */
const MOST_SERIES = 2000;
const MOST_OUTCOMES = 100;
const MOST_CHARACTERS = 512;
const FACETS: ReadonlySet<Facet> = new Set(["effective", "actual", "inbound", "event"]);

/** The series of a part that are what they should be, each with a source its reporter may speak for. */
export function soundSeries({ workload, delta }: Part): readonly SeriesDelta[] {
  const { series } = delta;
  if (!Array.isArray(series)) return [];
  return (series as readonly SeriesDelta[])
    .slice(0, MOST_SERIES)
    .filter((one) => isObject(one) && isSound(one))
    .map((one) => ({ ...one, ...namesOf(one), source: sourceOf(one, workload) }));
}

/** Whether a part can be told from others of its isolate. */
export const isPart = ({ workload, isolate, sequence, delta }: Part): boolean =>
  isName(workload) && isName(isolate) && isCount(sequence) && isObject(delta);

/** What its facet has names for: two series that differ in another one would be one metric twice. */
const namesOf = ({
  facet,
  endpoint,
  route,
}: SeriesDelta): Pick<SeriesDelta, "endpoint" | "route"> => ({
  endpoint: facet === "actual" ? endpoint : "",
  route: facet === "actual" || facet === "effective" ? route : "",
});

/** Calls are told by who makes them, whose name its props attest; refusals by who was called; the relay makes others'. */
function sourceOf({ facet, source }: SeriesDelta, workload: string): string {
  if (source === "" || source === OUTSIDE) return "";
  return facet === "inbound" || workload === RELAY_WORKLOAD ? source : workload;
}

function isSound({ facet, source, endpoint, route, retries, outcomes, durations }: SeriesDelta) {
  return (
    FACETS.has(facet) &&
    [source, endpoint, route].every(isName) &&
    isCount(retries) &&
    isCounts(outcomes, isName) &&
    outcomes.size <= MOST_OUTCOMES &&
    isObject(durations) &&
    isDurations(durations)
  );
}

const isDurations = ({ scale, zero, sum, counts }: Durations): boolean =>
  Number.isInteger(scale) &&
  Math.abs(scale) <= 20 &&
  isCount(zero) &&
  Number.isFinite(sum) &&
  isCounts(counts, Number.isSafeInteger) &&
  counts.size <= MOST_SERIES;

const isCounts = (counts: unknown, isKey: (key: unknown) => boolean): boolean =>
  counts instanceof Map && [...counts].every(([key, count]) => isKey(key) && isCount(count));

const isObject = (value: unknown): boolean => typeof value === "object" && value !== null;

const isName = (value: unknown): boolean =>
  typeof value === "string" && value.length <= MOST_CHARACTERS;

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;
