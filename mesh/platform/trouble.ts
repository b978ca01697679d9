// A circuit that has seen more than good calls: late, since most never do. The pure state, what is told of it, and the one
// question the path may ask.
import {
  admit,
  close,
  countCall,
  countOwnProbe,
  drainCircuit,
  isClosed,
  keepSpare,
  learn,
  newCircuit,
  takeSpare,
  type Circuit as State,
} from "../algorithms/breaker/circuit.ts";
import { ISOLATE } from "../contract/join.ts";
import { PULSE_FORMAT, type LeaseReply, type PulseApi } from "../contract/pulse.ts";
import { LEASE, type Keeper } from "../pipeline/isolate.ts";
import type { GoodCalls, Trouble } from "../pipeline/late.ts";
import { now, random, sleep } from "./clock.ts";
import { noteUrgent, type Knowledge } from "./sync.ts";

type Known = Pick<Knowledge, "isolate" | "isUrgent" | "reporters">;

/** Longest wait for a lease. */
const LEASE_WAIT_MS = 50;

/** Takes over a circuit, with the good calls it has counted. */
export function createTrouble(
  object: string,
  { startMs, ok, recent, before }: GoodCalls,
  known: Known,
  pulse: PulseApi | null,
): Trouble {
  const state = newCircuit(object);
  state.ok = ok;
  Object.assign(state.short, { startMs, ok: recent, wasOk: before });
  Object.assign(state.long, { startMs, ok: recent + before });
  Object.assign(state.recent, { startMs, ok: Math.min(ok, recent) });
  return {
    isClosed: () => isClosed(state),
    learn: (verdict) => learn(state, verdict, now()),
    drain: () => drainCircuit(state, now()),
    admit(leftMs, keeper) {
      const nowMs = now();
      const spare = takeSpare(state, nowMs);
      if (spare > 0) return spare;
      const verdict = admit(state, leftMs, nowMs);
      if (verdict === "pass") return LEASE.none;
      return verdict === "refuse" ? LEASE.refused : ask(state, known, pulse, keeper);
    },
    settle(isOk, isSlow, lease, failureRatio, { isSent, tookMs, isRetry, isWithheld }) {
      const nowMs = now();
      if (isWithheld === true) state.withheld += 1;
      if (lease > 0) {
        state.probes.push(isSent ? { lease, isOk } : { lease, isOk, isUnused: true });
        // Of three in the whole edge, each is waited for.
        known.isUrgent = true;
      } else if (lease === LEASE.own) countOwnProbe(state, isOk, nowMs, random);
      if (isOk === null || lease > 0 || nowMs - tookMs < state.newsMs) return;
      countCall(state, isOk, isSlow, failureRatio, nowMs, random);
      if (isRetry === true) state.retries += 1;
      if (!isOk) noteUrgent(known);
    },
  };
}

/** Whoever is late or away gives no lease; a circuit that only this isolate holds open is then probed by itself. */
async function ask(
  state: State,
  known: Known,
  pulse: PulseApi | null,
  keeper: Keeper,
): Promise<number> {
  const { object } = state;
  let isLate = false;
  const asked = Promise.resolve(
    pulse?.lease({ format: PULSE_FORMAT, [ISOLATE]: known.isolate, object }),
  ).then(
    (told) => {
      if (told === undefined || !isLate) return told;
      learn(state, told.verdict, now());
      if (told.lease > 0) keepSpare(state, told.lease, now());
      return told;
    },
    () => undefined,
  );
  keeper.waitUntil(asked);
  const reply: LeaseReply | undefined = await Promise.race([
    asked,
    sleep(LEASE_WAIT_MS).then(() => undefined),
  ]);
  if (reply === undefined) {
    isLate = true;
    return state.state === "closed" ? LEASE.own : LEASE.refused;
  }
  learn(state, reply.verdict, now());
  if (reply.lease > 0) return reply.lease;
  if (reply.verdict.state !== "closed") return LEASE.refused;
  close(state);
  return LEASE.none;
}
