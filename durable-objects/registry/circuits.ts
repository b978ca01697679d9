// Owns what Registry knows of circuits: the last word of each, and the policies by which they open.
import type { CircuitState, Verdict } from "../../mesh/contract/pulse.ts";
import type { BreakerPolicies, CircuitSeen } from "../../mesh/contract/state.ts";
import type { Clock } from "../clock.ts";
import { type Row, type Sql, number, text } from "../sql.ts";

/** A circuit that closed is told of for as long, so that everybody hears of it. */
const CLOSED_FOR_MS = 60_000;
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
  /** Those not closed, and those closed lately. */
  lately(): readonly Verdict[];
  all(): readonly CircuitSeen[];
  setPolicies(version: number, breakers: BreakerPolicies): void;
  policies(): Policies;
}

export function createCircuits(sql: Sql, clock: Clock): Circuits {
  const known = new Map(
    sql.all("SELECT * FROM circuit").map((row) => [text(row, "object"), toSeen(row)]),
  );
  let policies = readPolicies(sql);

  const toVerdict = ({ object, state, generation, probeAtMs }: Seen): Verdict => ({
    object,
    state,
    generation,
    probeInMs: state === "open" ? Math.max(0, probeAtMs - clock.now()) : 0,
  });

  return {
    take({ object, state, generation, probeInMs }) {
      const last = known.get(object);
      if (last && last.generation > generation) return;
      const nowMs = clock.now();
      const changedMs = last?.generation === generation ? last.changedMs : nowMs;
      const probeAtMs = Math.round(nowMs + probeInMs);
      known.set(object, { object, state, generation, probeAtMs, changedMs });
      sql.all(
        "INSERT OR REPLACE INTO circuit VALUES (?, ?, ?, ?, ?)",
        object,
        state,
        generation,
        probeAtMs,
        changedMs,
      );
    },
    lately() {
      const sinceMs = clock.now() - CLOSED_FOR_MS;
      const told: Verdict[] = [];
      for (const seen of known.values()) {
        const isTold = seen.state !== "closed" || (seen.generation > 0 && seen.changedMs > sinceMs);
        if (isTold && told.length < MOST_TOLD) told.push(toVerdict(seen));
      }
      return told;
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
