// Owns whether what callers have seen is enough to open a circuit: by ratio, by volume, and never by one caller's word
// where there are others.
import type { BreakerPolicy } from "../../contract/table.ts";
import type { Counts } from "./window.ts";

/** The short window is a fifth of the policy's, and asks for two and a half times its calls. */
export const BURST_SHARE: number = 1 / 5;
export const BURST_FACTOR = 2.5;

/** What one caller, a workload, has seen within a window. */
export interface Evidence extends Counts {
  /** Failures since the last success that anybody told of. */
  readonly run: number;
}

/**
 * Whether the evidence opens a circuit: it must hold for all callers together, of whom none counts for more than half, and
 * still without any one of them, unless there is only one. `isAlone` says so of a part of the window, in which the others
 * may have been silent.
 */
export const isEnough = (
  callers: readonly Evidence[],
  policy: BreakerPolicy,
  minimumCalls: number,
  isAlone: boolean = numberOf(callers) < 2,
): boolean => {
  const seen = callers.filter(hasCalls);
  const capped = isAlone ? seen : capAtHalf(seen);
  const total = sumOf(capped);
  if (!holds(total, policy, minimumCalls)) return false;
  return isAlone || capped.every((caller) => holds(minus(total, caller), policy, minimumCalls));
};

/** How many have made calls. */
export const numberOf = (callers: readonly Counts[]): number => callers.filter(hasCalls).length;

const hasCalls = ({ ok, failed }: Counts): boolean => ok + failed > 0;

const capAtHalf = (callers: readonly Evidence[]): Evidence[] => {
  const { ok, failed } = sumOf(callers);
  return callers.map((caller) => {
    const own = caller.ok + caller.failed;
    const share = Math.min(1, (ok + failed - own) / own);
    return share === 1
      ? caller
      : {
          ok: caller.ok * share,
          failed: caller.failed * share,
          slow: caller.slow * share,
          run: caller.run * share,
        };
  });
};

const sumOf = (callers: readonly Evidence[]): Evidence => {
  const sum = { ok: 0, failed: 0, slow: 0, run: 0 };
  for (const { ok, failed, slow, run } of callers) {
    sum.ok += ok;
    sum.failed += failed;
    sum.slow += slow;
    sum.run += run;
  }
  return sum;
};

const minus = (all: Evidence, one: Evidence): Evidence => ({
  ok: all.ok - one.ok,
  failed: all.failed - one.failed,
  slow: all.slow - one.slow,
  run: all.run - one.run,
});

/** Sums of shares count as what they mean. */
const NEARLY = 1e-9;

const holds = (seen: Evidence, policy: BreakerPolicy, minimumCalls: number): boolean => {
  const { consecutive, failureRatio, slowRatio } = policy;
  if (consecutive > 0 && seen.run >= consecutive - NEARLY) return true;
  const calls = seen.ok + seen.failed;
  if (calls < minimumCalls - NEARLY || calls < NEARLY) return false;
  return (
    (failureRatio > 0 && seen.failed >= failureRatio * calls - NEARLY) ||
    (slowRatio > 0 && seen.slow >= slowRatio * calls - NEARLY)
  );
};
