// Owns what Registry knows of circuits: the last word of each, and the policies by which they open.
import { weatherOf, type Weather } from "../../mesh/algorithms/retry/brake.ts";
import type { CircuitState, Verdict } from "../../mesh/contract/pulse.ts";
import type { BreakerPolicies, CircuitSeen } from "../../mesh/contract/state.ts";
import type { Clock } from "../clock.ts";
import { type Row, type Sql, number, text } from "../sql.ts";

/** A circuit that closed is told of for as long, so that everybody hears of it. */
const CLOSED_FOR_MS = 60_000;
/** What a circuit says of the weather holds as long, and is not stored: it says it again. */
const WEATHER_MS = 15_000;
/** Circuits told of with one answer. */
const MOST_TOLD = 512;

interface Policies {
  readonly version: number;
  readonly breakers: BreakerPolicies;
}

interface Seen {
  readonly object: string;
  readonly state: CircuitState;
  readonly generation: number;
  readonly probeAtMs: number;
  readonly changedMs: number;
}

export interface Circuits {
  take(verdict: Verdict): void;
  /** Those not closed, those closed lately, and those rough or braked. */
  lately(): readonly Verdict[];
  all(): readonly CircuitSeen[];
  setPolicies(version: number, breakers: BreakerPolicies): void;
  policies(): Policies;
}

export function createCircuits(sql: Sql, clock: Clock): Circuits {
  const known = new Map(
    sql.all("SELECT * FROM circuit").map((row) => [text(row, "object"), toSeen(row)]),
  );
  const weathers = createWeathers(clock);
  let policies = readPolicies(sql);

  const toVerdict = ({ object, state, generation, probeAtMs }: Seen): Verdict => ({
    object,
    state,
    generation,
    probeInMs: state === "open" ? Math.max(0, probeAtMs - clock.now()) : 0,
    ...weathers.of(object),
  });

  return {
    take(verdict) {
      const { object, state, generation, probeInMs } = verdict;
      const last = known.get(object);
      if (last && last.generation > generation) return;
      const nowMs = clock.now();
      weathers.take(verdict);
      // A row is written for what is new only.
      if (last?.generation === generation && last.state === state) return;
      const probeAtMs = Math.round(nowMs + probeInMs);
      known.set(object, { object, state, generation, probeAtMs, changedMs: nowMs });
      sql.all(
        "INSERT OR REPLACE INTO circuit VALUES (?, ?, ?, ?, ?)",
        object,
        state,
        generation,
        probeAtMs,
        nowMs,
      );
    },
    lately() {
      const sinceMs = clock.now() - CLOSED_FOR_MS;
      const isTold = ({ state, generation, changedMs }: Seen): boolean =>
        state !== "closed" || (generation > 0 && changedMs > sinceMs);
      const told = [...known.values()].filter(isTold);
      const others = weathers.objects().flatMap((object) => known.get(object) ?? []);
      // The weather comes after what keeps calls back.
      told.push(...others.filter((seen) => !isTold(seen)));
      return told.slice(0, MOST_TOLD).map(toVerdict);
    },
    all: () =>
      [...known.values()].map((seen) => ({ ...toVerdict(seen), changedMs: seen.changedMs })),
    setPolicies(version, breakers) {
      if (version <= policies.version) return;
      policies = { version, breakers };
      sql.all(
        "INSERT OR REPLACE INTO policies VALUES (1, ?, ?)",
        version,
        JSON.stringify(breakers),
      );
    },
    policies: () => policies,
  };
}

/** What circuits say of the weather, as long as it holds. */
function createWeathers(clock: Clock) {
  const known = new Map<string, { readonly said: Weather; readonly untilMs: number }>();
  const holds = (object: string): boolean => clock.now() < (known.get(object)?.untilMs ?? 0);
  return {
    take(verdict: Verdict): void {
      const said = weatherOf(verdict);
      known.delete(verdict.object);
      if (Object.keys(said).length > 0)
        known.set(verdict.object, { said, untilMs: clock.now() + WEATHER_MS });
    },
    of: (object: string): Weather => (holds(object) ? (known.get(object)?.said ?? {}) : {}),
    objects(): readonly string[] {
      for (const object of known.keys()) if (!holds(object)) known.delete(object);
      return [...known.keys()];
    },
  };
}

const toSeen = (row: Row): Seen => ({
  object: text(row, "object"),
  state: text(row, "state") as CircuitState,
  generation: number(row, "generation"),
  probeAtMs: number(row, "probe_at_ms"),
  changedMs: number(row, "changed_ms"),
});

function readPolicies(sql: Sql): Policies {
  const [row] = sql.all("SELECT version, breakers FROM policies");
  const stored = text(row, "breakers");
  return {
    version: number(row, "version"),
    breakers: stored === "" ? {} : (JSON.parse(stored) as BreakerPolicies),
  };
}
