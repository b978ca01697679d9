// Owns whether what callers have seen is enough to open a circuit: by ratio, by volume, and never by one caller's word
// where there are others.
import type { BreakerPolicy } from "../../contract/table.ts";
import type { Counts } from "./window.ts";

/** The short window is a fifth of the policy's, and asks for two and a half times its calls. */
export const BURST_SHARE: number = 1 / 5;
export const BURST_FACTOR = 2.5;

/** Who made fewer calls than the policy asks for is heard from so many on, and only with one voice. */
const FEW = 5;

/** What one caller, a workload, has seen within a window. */
export interface Evidence extends Counts {
  /** Failures since the last success that anybody told of. */
  readonly run: number;
}

/** Evidence as it counts, and how many calls are behind it. */
interface Weighed extends Evidence {
  readonly calls: number;
}

/**
 * Whether the evidence opens a circuit: it must hold for all callers together, of whom none counts for more than half, and
 * still without any one of them, unless there is only one; those left may be too few to judge by a share if all of their
 * last calls, five at least, went wrong. `isAlone` says so of a part of the window, in which the others may have been silent.
 */
export const isEnough = (
  callers: readonly Evidence[],
  policy: BreakerPolicy,
  minimumCalls: number,
  isAlone: boolean = numberOf(callers) < 2,
): boolean => {
  const seen = callers.filter(hasCalls);
  const capped = isAlone ? seen.map((caller) => weighed(caller, 1)) : capAtHalf(seen);
  const total = sumOf(capped);
  if (!holds(total, policy, minimumCalls)) return false;
  return isAlone || capped.every((caller) => agrees(minus(total, caller), policy, minimumCalls));
};

/** How many have made calls. */
const numberOf = (callers: readonly Counts[]): number => callers.filter(hasCalls).length;

/** Whether there is anything to judge by. */
export const hasCalls = ({ ok, failed }: Counts): boolean => ok + failed > 0;

const callsOf = ({ ok, failed }: Counts): number => ok + failed;

const weighed = (caller: Evidence, share: number): Weighed => ({
  ok: caller.ok * share,
  failed: caller.failed * share,
  slow: caller.slow * share,
  run: caller.run * share,
  calls: callsOf(caller),
});

const capAtHalf = (callers: readonly Evidence[]): Weighed[] => {
  let calls = 0;
  for (const caller of callers) calls += callsOf(caller);
  return callers.map((caller) => {
    const own = callsOf(caller);
    return weighed(caller, Math.min(1, (calls - own) / own));
  });
};

const sumOf = (callers: readonly Weighed[]): Weighed => {
  const sum = { ok: 0, failed: 0, slow: 0, run: 0, calls: 0 };
  for (const { ok, failed, slow, run, calls } of callers) {
    sum.ok += ok;
    sum.failed += failed;
    sum.slow += slow;
    sum.run += run;
    sum.calls += calls;
  }
  return sum;
};

const minus = (all: Weighed, one: Weighed): Weighed => ({
  ok: all.ok - one.ok,
  failed: all.failed - one.failed,
  slow: all.slow - one.slow,
  run: all.run - one.run,
  calls: all.calls - one.calls,
});

/** Sums of shares count as what they mean. */
const NEARLY = 1e-9;

const holds = (seen: Weighed, policy: BreakerPolicy, minimumCalls: number): boolean => {
  const { consecutive, failureRatio, slowRatio } = policy;
  if (consecutive > 0 && seen.run >= consecutive - NEARLY) return true;
  return seen.calls >= minimumCalls - NEARLY && isShare(seen, failureRatio, slowRatio);
};

/** As `holds`, or with one voice, of late or in all the window: where few say so, a share of a half may be chance. */
const agrees = (rest: Weighed, policy: BreakerPolicy, minimumCalls: number): boolean => {
  const { failureRatio, slowRatio } = policy;
  if (holds(rest, policy, minimumCalls)) return true;
  if (rest.calls >= minimumCalls) return false;
  return (
    (failureRatio > 0 && rest.run >= FEW - NEARLY) ||
    (rest.calls >= FEW && isShare(rest, Math.ceil(failureRatio), Math.ceil(slowRatio)))
  );
};

const isShare = (seen: Weighed, failureRatio: number, slowRatio: number): boolean => {
  const calls = callsOf(seen);
  return (
    calls >= NEARLY &&
    ((failureRatio > 0 && seen.failed >= failureRatio * calls - NEARLY) ||
      (slowRatio > 0 && seen.slow >= slowRatio * calls - NEARLY))
  );
};
