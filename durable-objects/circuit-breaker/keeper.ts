// Owns one circuit's machine around its storage: what is taken once, what is written, and what others must still hear.
import {
  type Breaker,
  type BreakerRecord,
  expire,
  grantLease,
  newBreaker,
  recordOf,
  reset,
  restoreBreaker,
  takeDelta,
  trip,
} from "../../mesh/algorithms/breaker/machine.ts";
import { newBrake, observe, weatherNow, weatherOf } from "../../mesh/algorithms/retry/brake.ts";
import { type Sequences, isNewer } from "../../mesh/algorithms/pulse/sequences.ts";
import { DEFAULT_BREAKER } from "../../mesh/contract/defaults.ts";
import type { BreakerDelta, Verdict } from "../../mesh/contract/pulse.ts";
import type { TakenPart } from "../../mesh/contract/state.ts";
import type { BreakerPolicy } from "../../mesh/contract/table.ts";
import type { Clock } from "../clock.ts";
import { type Sql, text } from "../sql.ts";

/** Of a destination that is rough or braked the others are told again as often, ms: what they heard ends by itself. */
const TELL_EVERY_MS = 5000;

export interface Keeper {
  take(parts: readonly TakenPart<BreakerDelta>[], policy: BreakerPolicy): void;
  grant(policy: BreakerPolicy): number;
  trip(): void;
  reset(): void;
  verdict(object: string): Verdict;
  /** Whether nobody was told yet of what the verdict says, or what it says of the weather has to be told again. */
  isNews(verdict: Verdict): boolean;
  told(verdict: Verdict): void;
}

export function createKeeper(sql: Sql, clock: Clock): Keeper {
  const random = (): number => (clock.random(1)[0] ?? 0) / 256;
  const [row] = sql.all("SELECT record FROM circuit");
  const stored = text(row, "record");
  let restored: Breaker | null = stored === "" ? newBreaker(clock.now()) : null;
  let storedGeneration = -1;
  const brake = newBrake();
  const sequences: Sequences = new Map();

  /** Restored at its first use, since that takes the policy. */
  const machine = (policy: BreakerPolicy): Breaker =>
    (restored ??= restoreBreaker(JSON.parse(stored) as BreakerRecord, policy, clock.now(), random));

  /** Each change of state is written before anybody hears of it. */
  function keep(breaker: Breaker): void {
    if (breaker.generation === storedGeneration) return;
    storedGeneration = breaker.generation;
    sql.all("INSERT OR REPLACE INTO circuit VALUES (1, ?)", JSON.stringify(recordOf(breaker)));
  }

  return {
    take(parts, policy) {
      const breaker = machine(policy);
      const nowMs = clock.now();
      expire(breaker, nowMs, random);
      // Told at once, they came at once: whoever failed is not judged before the others were heard.
      const goodFirst = parts.toSorted((one, other) => badIn(one.delta) - badIn(other.delta));
      for (const { workload, isolate, sequence, delta } of goodFirst)
        if (isNewer(sequences, `${workload} ${isolate}`, sequence, nowMs)) {
          takeDelta(breaker, workload, delta, policy, nowMs, random);
          observe(brake, delta, nowMs);
        }
      keep(breaker);
    },
    grant(policy) {
      const breaker = machine(policy);
      const lease = grantLease(breaker, policy, clock.now(), random);
      keep(breaker);
      return lease;
    },
    trip() {
      const breaker = machine(DEFAULT_BREAKER);
      trip(breaker, clock.now());
      keep(breaker);
    },
    reset() {
      const breaker = machine(DEFAULT_BREAKER);
      reset(breaker, clock.now());
      keep(breaker);
    },
    verdict(object) {
      const { state, generation, probeAtMs } = machine(DEFAULT_BREAKER);
      const probeInMs = state === "open" ? Math.max(0, probeAtMs - clock.now()) : 0;
      return { object, state, generation, probeInMs, ...weatherNow(brake, clock.now()) };
    },
    ...createTold(clock),
  };
}

/** 1: there is something in it by which a circuit may open. */
const badIn = ({ failed, held, slow }: BreakerDelta): number => Math.sign(failed + held + slow);

/** What the others were told last. */
function createTold(clock: Clock): Pick<Keeper, "isNews" | "told"> {
  let generation = -1;
  let weather = "";
  let atMs = Number.NEGATIVE_INFINITY;
  return {
    isNews(verdict) {
      const said = textOf(verdict);
      if (verdict.generation !== generation || said !== weather) return true;
      return said !== "" && clock.now() - atMs >= TELL_EVERY_MS;
    },
    told(verdict) {
      generation = Math.max(generation, verdict.generation);
      weather = textOf(verdict);
      atMs = clock.now();
    },
  };
}

const textOf = (verdict: Verdict): string => Object.keys(weatherOf(verdict)).join();
