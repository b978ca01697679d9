// Owns what a Pulse isolate remembers between reports: what is newest, who reported since the last merge, and when to
// merge: at most once a second, never on the path unless the memory is older than that.
import { aged } from "../../mesh/algorithms/breaker/door.ts";
import { type Sequences, isNewer } from "../../mesh/algorithms/pulse/sequences.ts";
import type { PulseReply, PulseReport } from "../../mesh/contract/pulse.ts";
import { PULSE_FORMAT } from "../../mesh/contract/pulse.ts";
import type {
  BreakerPolicies,
  IsolateSeen,
  RegistryApi,
  RegistryMerge,
} from "../../mesh/contract/state.ts";
import type { Clock } from "../clock.ts";

/** One merge a second, and memory counts as fresh for as long. */
export const MERGE_EVERY_MS = 1000;
/** Longest wait for the Registry on the path. */
export const STALE_WAIT_MS = 40;
/** One isolate reports no more often than this times the number of those that do. */
const REPORTS_PER_SECOND = 500;
/** A merge that was not heard of for this long is lost with the request that carried it. */
const LOST_MS = 5000;

type Registry = Pick<RegistryApi, "merge">;
type WaitUntil = (work: Promise<unknown>) => void;

export interface PulseMemory {
  report(
    workload: string,
    report: PulseReport,
    registry: Registry,
    waitUntil: WaitUntil,
  ): Promise<PulseReply>;
  /** The breaker policies of the newest table known. */
  policies(): BreakerPolicies;
  /** Isolates that report. */
  reporters(): number;
}

export function createPulseMemory(clock: Clock): PulseMemory {
  const sequences: Sequences = new Map();
  const pending = new Map<string, IsolateSeen>();
  let news: Required<RegistryMerge> = NO_NEWS;
  let learnedMs = Number.NEGATIVE_INFINITY;
  let mergedMs = Number.NEGATIVE_INFINITY;
  let merging: { readonly work: Promise<void>; readonly sinceMs: number } | null = null;

  async function merge(registry: Registry, delayMs: number): Promise<void> {
    if (delayMs > 0) await clock.sleep(delayMs);
    const batch = [...pending.values()];
    pending.clear();
    mergedMs = clock.now();
    try {
      news = after(news, await registry.merge(batch, news.policies?.version ?? 0));
      learnedMs = clock.now();
    } catch {
      // The Registry is away: what was taken is told again by the isolates' next reports.
    } finally {
      merging = null;
    }
  }

  /** The merge under way or the next one; whoever reports keeps it alive. */
  function ensureMerge(registry: Registry, waitUntil: WaitUntil): Promise<void> {
    const nowMs = clock.now();
    if (merging && nowMs - merging.sinceMs < LOST_MS) return merging.work;
    const work = merge(registry, Math.max(0, mergedMs + MERGE_EVERY_MS - nowMs));
    merging = { work, sinceMs: nowMs };
    waitUntil(work);
    return work;
  }

  function take(workload: string, { isolate, sequence, version, nack }: PulseReport): void {
    const seenMs = clock.now();
    const key = `${workload} ${isolate}`;
    if (isNewer(sequences, key, sequence, seenMs))
      pending.set(key, { workload, isolate, version, seenMs, nack });
  }

  return {
    async report(workload, report, registry, waitUntil) {
      take(workload, report);
      const isStale = clock.now() - learnedMs > MERGE_EVERY_MS;
      const work = ensureMerge(registry, waitUntil);
      if (isStale) await Promise.race([work, clock.sleep(STALE_WAIT_MS)]);
      return toReply(report, news, clock.now() - learnedMs);
    },
    policies: () => news.policies?.breakers ?? {},
    reporters: () => news.reporters,
  };
}

const NO_NEWS: Required<RegistryMerge> = {
  newest: 0,
  revocations: [],
  reporters: 1,
  circuits: [],
  policies: null,
};

/** What is known after an answer of the Registry, of which an older one says less. */
const after = (known: Required<RegistryMerge>, reply: RegistryMerge): Required<RegistryMerge> => ({
  newest: Math.max(known.newest, reply.newest),
  revocations: reply.revocations,
  reporters: Math.max(1, reply.reporters ?? 1),
  circuits: reply.circuits ?? [],
  policies: reply.policies ?? known.policies,
});

const toReply = (
  { sequence }: PulseReport,
  { newest, revocations, reporters, circuits }: Required<RegistryMerge>,
  ageMs: number,
): PulseReply => ({
  format: PULSE_FORMAT,
  acknowledged: sequence,
  newest,
  revocations,
  nextMs: Math.max(MERGE_EVERY_MS, (reporters / REPORTS_PER_SECOND) * 1000),
  verdicts: circuits.map((verdict) => aged(verdict, ageMs)),
  reporters,
});
