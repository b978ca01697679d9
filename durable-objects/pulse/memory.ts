// Owns what a Pulse isolate remembers between reports: what is newest, who reported since the last merge, and when to
// merge: at most once a second, never on the path unless the memory is older than that.
import type { Revocation } from "../../mesh/contract/identity.ts";
import type { PulseReply, PulseReport } from "../../mesh/contract/pulse.ts";
import { PULSE_FORMAT } from "../../mesh/contract/pulse.ts";
import type { IsolateSeen, RegistryApi } from "../../mesh/contract/state.ts";
import type { Clock } from "../clock.ts";

/** One merge a second, and memory counts as fresh for as long. */
export const MERGE_EVERY_MS = 1000;
/** Longest wait for the Registry on the path. */
export const STALE_WAIT_MS = 40;
/** An isolate's sequence is remembered for this long. */
const SEQUENCE_MS = 600_000;
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
}

/** Remembers the last sequence of each isolate; answers whether a report is newer. */
function createSequences(): (key: string, sequence: number, nowMs: number) => boolean {
  const last = new Map<string, { sequence: number; seenMs: number }>();
  /** Oldest first, since an isolate is put behind the others when it reports. */
  const forget = (nowMs: number): void => {
    for (const [key, { seenMs }] of last) {
      if (nowMs - seenMs < SEQUENCE_MS) return;
      last.delete(key);
    }
  };
  return (key, sequence, nowMs) => {
    if ((last.get(key)?.sequence ?? Number.NEGATIVE_INFINITY) >= sequence) return false;
    forget(nowMs);
    last.delete(key);
    last.set(key, { sequence, seenMs: nowMs });
    return true;
  };
}

export function createPulseMemory(clock: Clock): PulseMemory {
  const isNewer = createSequences();
  const pending = new Map<string, IsolateSeen>();
  let newest = 0;
  let revocations: readonly Revocation[] = [];
  let learnedMs = Number.NEGATIVE_INFINITY;
  let mergedMs = Number.NEGATIVE_INFINITY;
  let merging: { readonly work: Promise<void>; readonly sinceMs: number } | null = null;

  async function merge(registry: Registry, delayMs: number): Promise<void> {
    if (delayMs > 0) await clock.sleep(delayMs);
    const batch = [...pending.values()];
    pending.clear();
    mergedMs = clock.now();
    try {
      const reply = await registry.merge(batch);
      newest = Math.max(newest, reply.newest);
      revocations = reply.revocations;
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
    if (isNewer(key, sequence, seenMs))
      pending.set(key, { workload, isolate, version, seenMs, nack });
  }

  return {
    async report(workload, report, registry, waitUntil) {
      take(workload, report);
      const isStale = clock.now() - learnedMs > MERGE_EVERY_MS;
      const work = ensureMerge(registry, waitUntil);
      if (isStale) await Promise.race([work, clock.sleep(STALE_WAIT_MS)]);
      return {
        format: PULSE_FORMAT,
        acknowledged: report.sequence,
        newest,
        revocations,
        nextMs: MERGE_EVERY_MS,
      };
    },
  };
}
