// Owns a circuit as a tree: when it becomes one, and what a shard gathers for the root and tells it, once each.
import type { BreakerDelta } from "../../contract/pulse.ts";
import type { TakenPart } from "../../contract/state.ts";
import { isNewer, type Sequences } from "../pulse/sequences.ts";

/** With more calls in a second than this a circuit becomes a tree: whoever calls it is good for two. */
export const MOST_DIRECT = 250;
/** Shards of a tree: as many as there are regions with data centres; which one is called is drawn. */
export const SHARDS = 9;
/** A shard tells the root no more often, and a no to a question for a lease holds there as long, ms. */
export const SHARD_MS = 500;
/** A tree stays one for this long after it would have become one last, ms. */
export const TREE_MS = 600_000;
/** Sums by generation and caller that a shard holds; past it the oldest is lost. */
const MOST_SUMS = 4096;

type Part = TakenPart<BreakerDelta>;

/** How often a circuit is called, and until when it is a tree; changed in place. */
export interface Load {
  sinceMs: number;
  calls: number;
  treeUntilMs: number;
}

export const newLoad = (): Load => ({ sinceMs: 0, calls: 0, treeUntilMs: 0 });

/** Counts calls; says how many shards the circuit has, 0 while it is called directly. */
export const countCalls = (load: Load, calls: number, nowMs: number): number => {
  if (nowMs - load.sinceMs >= 1000) {
    load.sinceMs = nowMs;
    load.calls = 0;
  }
  load.calls += calls;
  if (load.calls > MOST_DIRECT) load.treeUntilMs = nowMs + TREE_MS;
  return nowMs < load.treeUntilMs ? SHARDS : 0;
};

const SHARD_NAME = /^shard \d+ (.+)/s;

/** The name of the object that is a shard of a circuit. */
export const shardName = (shard: number, circuit: string): string => `shard ${shard} ${circuit}`;

/** The circuit that an object of this name is a shard of; null: it is none. */
export const circuitOf = (name: string): string | null => SHARD_NAME.exec(name)?.[1] ?? null;

/** What a shard holds for the root; changed in place. */
export interface Shard {
  /** Of its own since it began, as its sequences are: what it was told before is forgotten with them. */
  readonly id: string;
  readonly sequences: Sequences;
  /** By generation and caller: what was told since the last batch. */
  readonly sums: Map<string, Pick<Part, "workload" | "delta">>;
  /** Told, and not taken yet; told again as it is. Empty: none. */
  batch: readonly Part[];
  sequence: number;
}

export const newShard = (id: string): Shard => ({
  id,
  sequences: new Map(),
  sums: new Map(),
  batch: [],
  sequence: 0,
});

/** Adds up what isolates tell, by caller and generation; none twice. */
export const gather = (shard: Shard, parts: readonly Part[], nowMs: number): void => {
  const { sequences, sums } = shard;
  for (const { workload, isolate, sequence, delta } of parts) {
    if (!isNewer(sequences, `${workload} ${isolate}`, sequence, nowMs)) continue;
    const key = `${delta.generation} ${workload}`;
    sums.set(key, { workload, delta: sum(sums.get(key)?.delta, delta) });
    const oldest = sums.size > MOST_SUMS ? sums.keys().next() : null;
    if (oldest?.value !== undefined) sums.delete(oldest.value);
  }
};

/** What to tell the root now: the batch it has not taken, else a new one of all that was gathered. */
export const batchOf = (shard: Shard): readonly Part[] => {
  if (shard.batch.length > 0) return shard.batch;
  shard.batch = [...shard.sums.values()].map((part) => ({
    ...part,
    isolate: shard.id,
    sequence: ++shard.sequence,
  }));
  shard.sums.clear();
  return shard.batch;
};

/** The root took a batch. */
export const rootTook = (shard: Shard, batch: readonly Part[]): void => {
  if (shard.batch === batch) shard.batch = [];
};

/** Whether there is something that the root has not taken. */
export const hasUntold = ({ batch, sums }: Shard): boolean => batch.length + sums.size > 0;

const sum = (known: BreakerDelta | undefined, delta: BreakerDelta): BreakerDelta =>
  known === undefined
    ? delta
    : {
        generation: delta.generation,
        ...added(known, delta),
        held: known.held + delta.held,
        recent: added(known.recent ?? known, delta.recent ?? delta),
        run: delta.ok > 0 ? delta.run : known.run + delta.failed,
        probes: [...known.probes, ...delta.probes],
      };

type Counts = NonNullable<BreakerDelta["recent"]>;

const added = (one: Counts, other: Counts): Counts => ({
  ok: one.ok + other.ok,
  failed: one.failed + other.failed,
  slow: one.slow + other.slow,
});
