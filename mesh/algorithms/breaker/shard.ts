// Owns a circuit as a tree: when it becomes one, and what a shard gathers for the root and tells it, once each.
import type { BreakerDelta } from "../../contract/pulse.ts";
import type { TakenPart } from "../../contract/state.ts";
import { unitPoint } from "../hash/fnv.ts";
import { isNewer, type Sequences } from "../pulse/sequences.ts";

/** With more calls in a second than this a circuit becomes a tree: whoever calls it is good for two. */
export const MOST_DIRECT = 250;
/** Shards of a tree: with so many, what 100,000 isolates tell is below the bound of 500 calls a second at each. */
export const SHARDS = 32;
/** A shard tells the root no more often, and a no to a question for a lease holds there as long, ms. */
export const SHARD_MS = 500;
/** A tree stays one for this long after it would have become one last, ms. */
export const TREE_MS = 600_000;
/** Sums by generation and caller that a shard holds, past it the oldest is lost; and first parts, past it they are added up. */
const MOST_HELD = 4096;

type Part = TakenPart<BreakerDelta>;

/** How often a circuit is called, and until when it is a tree; changed in place. */
export interface Load {
  sinceMs: number;
  calls: number;
  treeUntilMs: number;
}

export const newLoad = (): Load => ({ sinceMs: 0, calls: 0, treeUntilMs: 0 });

/**
 * Counts a call, or with `calls` the call of a shard and so many that it had itself; says how many shards the circuit has, 0
 * while it is called directly. An object that begins anew is a tree if a shard calls it.
 */
export const countCalls = (load: Load, calls: number | undefined, nowMs: number): number => {
  if (nowMs - load.sinceMs >= 1000) {
    load.sinceMs = nowMs;
    load.calls = 0;
  }
  load.calls += calls ?? 1;
  const isKept = calls !== undefined && load.treeUntilMs === 0;
  if (isKept || load.calls > MOST_DIRECT) load.treeUntilMs = nowMs + TREE_MS;
  return nowMs < load.treeUntilMs ? SHARDS : 0;
};

const SHARD_NAME = /^shard \d+ (.+)/s;

/** The name of the object that is a shard of a circuit. */
export const shardName = (shard: number, circuit: string): string => `shard ${shard} ${circuit}`;

/** The circuit that an object of this name is a shard of; null: it is none. */
export const circuitOf = (name: string): string | null => SHARD_NAME.exec(name)?.[1] ?? null;

/** Who tells, as objects remember it. */
export const tellerOf = ({ workload, isolate }: Pick<Part, "workload" | "isolate">): string =>
  `${workload} ${isolate}`;

/** The shard that an isolate's parts go to, whoever hands them on: one told again comes where it was told before. */
export const shardOf = (teller: string, shards: number): number =>
  Math.floor(unitPoint(teller) * shards);

/** What is told to which object, by its name; `shards` 0: all to the circuit itself. */
export const addressed = (
  circuit: string,
  parts: readonly Part[],
  shards: number,
): ReadonlyMap<string, readonly Part[]> =>
  shards === 0
    ? new Map([[circuit, parts]])
    : Map.groupBy(parts, (part) => shardName(shardOf(tellerOf(part), shards), circuit));

/**
 * In how many ms a Pulse isolate hands on what it was told for a circuit, `sinceMs` after it did so last. Each may call every
 * shard, so that of a tree it does so less often as more isolates report, and always at its own `phase` (in [0, 1), drawn
 * once), which keeps apart what many hear of at once: 100,000 isolates, 100 to a Pulse isolate, call a shard some 400 times in
 * any second.
 */
export const handOnInMs = (
  nowMs: number,
  sinceMs: number,
  shards: number,
  reporters: number,
  phase: number,
): number => {
  if (shards === 0) return Math.max(0, 1000 - sinceMs);
  const everyMs = Math.max(1000, reporters / 40);
  return everyMs - ((nowMs + phase * everyMs) % everyMs);
};

/** What a shard holds for the root; changed in place. */
export interface Shard {
  /** Of its own since it began, as its sequences are: what it was told before is forgotten with them. */
  readonly id: string;
  readonly sequences: Sequences;
  /** What came with the first part of an isolate: if the root took it before it was a tree, it knows the sequences. */
  firsts: Part[];
  /** By generation and caller: what was told since the last batch. */
  readonly sums: Map<string, Pick<Part, "workload" | "delta">>;
  /** Told, and not taken yet; told again as it is. Empty: none. */
  batch: readonly Part[];
  sequence: number;
}

export const newShard = (id: string): Shard => ({
  id,
  sequences: new Map(),
  firsts: [],
  sums: new Map(),
  batch: [],
  sequence: 0,
});

/**
 * Takes what isolates tell, none twice. What comes with an isolate's first part is handed on as it is; what comes after is
 * added up by caller and generation.
 */
export const gather = (shard: Shard, parts: readonly Part[], nowMs: number): void => {
  const { sequences, firsts } = shard;
  const newcomers = new Set(parts.map(tellerOf).filter((teller) => !sequences.has(teller)));
  for (const part of parts) {
    const teller = tellerOf(part);
    if (!isNewer(sequences, teller, part.sequence, nowMs)) continue;
    if (newcomers.has(teller) && firsts.length < MOST_HELD) firsts.push(part);
    else addUp(shard.sums, part);
  }
};

const addUp = (sums: Shard["sums"], { workload, delta }: Part): void => {
  const key = `${delta.generation} ${workload}`;
  sums.set(key, { workload, delta: sum(sums.get(key)?.delta, delta) });
  const oldest = sums.size > MOST_HELD ? sums.keys().next() : null;
  if (oldest?.value !== undefined) sums.delete(oldest.value);
};

/** What to tell the root now: the batch it has not taken, else a new one of all that was gathered. */
export const batchOf = (shard: Shard): readonly Part[] => {
  if (shard.batch.length > 0) return shard.batch;
  const sums = [...shard.sums.values()].map((part) => ({
    ...part,
    isolate: shard.id,
    sequence: ++shard.sequence,
  }));
  shard.batch = [...shard.firsts, ...sums];
  shard.firsts = [];
  shard.sums.clear();
  return shard.batch;
};

/** The root took a batch. */
export const rootTook = (shard: Shard, batch: readonly Part[]): void => {
  if (shard.batch === batch) shard.batch = [];
};

/** Whether there is something that the root has not taken. */
export const hasUntold = ({ batch, firsts, sums }: Shard): boolean =>
  batch.length + firsts.length + sums.size > 0;

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
        ...some("retries", known, delta),
        ...some("withheld", known, delta),
      };

/** What most tell nothing of is left out. */
const some = (
  name: "retries" | "withheld",
  one: BreakerDelta,
  other: BreakerDelta,
): Partial<BreakerDelta> => {
  const added = (one[name] ?? 0) + (other[name] ?? 0);
  return added > 0 ? { [name]: added } : {};
};

type Counts = NonNullable<BreakerDelta["recent"]>;

const added = (one: Counts, other: Counts): Counts => ({
  ok: one.ok + other.ok,
  failed: one.failed + other.failed,
  slow: one.slow + other.slow,
});
