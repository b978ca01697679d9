// What an isolate has counted since its last pulse: outcomes and durations by edge, endpoint and route. Its keys are
// names of the table and of the wiring, never of a request, and their number is bounded all the same.
import { emptyHistogram, observeValue, type Histogram } from "../algorithms/histogram/histogram.ts";
import type { CallOutcome, Facet, SeriesDelta, TelemetryDelta } from "../contract/telemetry.ts";

/** Distinct series between two pulses; past it, what is new shares one for each destination and facet. */
const MOST_SERIES = 2000;
const OTHER = "other";

interface Series extends SeriesDelta {
  retries: number;
  readonly outcomes: Map<string, number>;
  readonly durations: Histogram;
}

/** The series of one destination; by words, not by one joined key, which would be made and hashed anew each time. */
interface Part {
  readonly tree: Map<Facet, Map<string, Map<string, Map<string, Series>>>>;
  all: Series[];
}

/** Counts in place; nothing here waits. */
export interface Tally {
  /** `durationMs` is null for what has none. */
  add(
    facet: Facet,
    destination: string,
    source: string,
    endpoint: string,
    route: string,
    outcome: CallOutcome | (string & {}),
    retries: number,
    durationMs: number | null,
  ): void;
  /** What was counted of a destination since the last time, the caller's to keep; null for nothing. */
  drain(destination: string, nowMs: number): TelemetryDelta | null;
}

/** `opened` hears of each destination once, when it is first counted. */
export function createTally(opened: (destination: string) => void): Tally {
  const parts = new Map<string, Part>();
  let size = 0;

  function born(facet: Facet, destination: string, names: readonly string[]): Series {
    const [source = "", endpoint = "", route = ""] = size < MOST_SERIES ? names : [OTHER];
    let part = parts.get(destination);
    if (part === undefined) {
      part = { tree: new Map(), all: [] };
      parts.set(destination, part);
      opened(destination);
    }
    const byRoute = below(below(below(part.tree, facet), source), endpoint);
    let series = byRoute.get(route);
    if (series === undefined) {
      const durations = emptyHistogram();
      series = { facet, source, endpoint, route, retries: 0, outcomes: new Map(), durations };
      byRoute.set(route, series);
      part.all.push(series);
      size += 1;
    }
    return series;
  }

  return {
    add(facet, destination, source, endpoint, route, outcome, retries, durationMs) {
      const series =
        parts.get(destination)?.tree.get(facet)?.get(source)?.get(endpoint)?.get(route) ??
        born(facet, destination, [source, endpoint, route]);
      series.retries += retries;
      series.outcomes.set(outcome, (series.outcomes.get(outcome) ?? 0) + 1);
      if (durationMs !== null) observeValue(series.durations, durationMs);
    },
    drain(destination, nowMs) {
      const part = parts.get(destination);
      if (part === undefined || part.all.length === 0) return null;
      const { all: series } = part;
      part.all = [];
      part.tree.clear();
      size -= series.length;
      return { atMs: nowMs, series };
    },
  };
}

/** The level below a word, made where it is missing. */
function below<K, V>(level: Map<K, Map<string, V>>, word: K): Map<string, V> {
  let found = level.get(word);
  if (found === undefined) {
    found = new Map();
    level.set(word, found);
  }
  return found;
}
