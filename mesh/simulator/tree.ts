// Owns the objects' side of the model of size: Pulse isolates that merge, one object or a tree of shards, and the breaker.
import {
  expire,
  grantLease,
  newBreaker,
  takeDelta,
  type Breaker,
} from "../algorithms/breaker/machine.ts";
import { isNewer, type Sequences } from "../algorithms/pulse/sequences.ts";
import { DEFAULT_BREAKER } from "../contract/defaults.ts";
import type { BreakerDelta, PartMark, PulsePart, Verdict } from "../contract/pulse.ts";
import type { Random } from "./random.ts";

/** A part of an isolate, and whose it is. */
export interface Told {
  readonly teller: string;
  readonly caller: string;
  readonly part: PulsePart;
}

/** Time and chance, as the model gives them. */
export interface Beat {
  now(): number;
  readonly random: Random;
  after(ms: number, run: () => void): void;
}

type Answer = (marks: readonly PartMark[], verdict: Verdict | null) => void;

/** Isolates of the mesh that one isolate of the Pulse entrypoint serves. */
const PER_PULSE = 100;
/** With more of those than this an object becomes a tree. */
const MOST_DIRECT = 250;
const REGIONS = 9;
const MERGE_MS = 1000;
const SHARD_MS = 500;
/** Between the Worker and an object. */
const HOP_MS = 20;
/** A Pulse isolate remembers for as long that there was no lease to be had. */
const NO_LEASE_MS = 1000;

interface PulseIsolate {
  readonly shard: number;
  pending: Told[];
  /** Taken by the object, and whose pulse has still to be told so. */
  readonly taken: Map<string, PartMark>;
  isMerging: boolean;
  mergedMs: number;
  verdict: Verdict | null;
  isAsking: boolean;
  noLeaseUntilMs: number;
}

interface Shard {
  /** By generation and caller: what was told since it last spoke to the root. */
  readonly merged: Map<string, BreakerDelta>;
  verdict: Verdict | null;
  noLeaseUntilMs: number;
}

/** The state of one circuit and who carries news to it and from it. */
export class Tree {
  readonly breaker: Breaker;
  readonly reporters: number;
  readonly shards: number;
  mostProbes = 0;
  readonly #beat: Beat;
  readonly #pulses: PulseIsolate[];
  readonly #sequences: Sequences = new Map();
  readonly #shards: readonly Shard[];
  readonly #load = new Map<string, number>();

  constructor(isolates: number, beat: Beat) {
    const pulses = Math.max(1, Math.ceil(isolates / PER_PULSE));
    this.reporters = isolates;
    this.shards = pulses > MOST_DIRECT ? REGIONS : 0;
    this.#beat = beat;
    this.breaker = newBreaker(beat.now());
    this.#shards = Array.from({ length: this.shards }, () => ({
      merged: new Map(),
      verdict: null,
      noLeaseUntilMs: 0,
    }));
    this.#pulses = Array.from({ length: pulses }, (_, at) => ({
      shard: this.shards === 0 ? -1 : at % this.shards,
      pending: [],
      taken: new Map(),
      isMerging: false,
      mergedMs: -beat.random() * MERGE_MS,
      verdict: null,
      isAsking: false,
      noLeaseUntilMs: 0,
    }));
  }

  /** The Pulse isolate that serves an isolate. */
  pulseOf(isolate: number): number {
    return isolate % this.#pulses.length;
  }

  /** Shards speak to the root by themselves. */
  start(): void {
    for (const [at, shard] of this.#shards.entries())
      this.#beat.after((SHARD_MS / this.shards) * at, () => this.#shardBeat(shard));
  }

  /** Most calls of one object in one second. */
  peak(): number {
    return Math.max(0, ...this.#load.values());
  }

  /** A pulse: answered from memory, merged behind the answer. */
  report(pulse: number, told: readonly Told[], answer: Answer): void {
    const isolate = this.#pulses[pulse];
    if (isolate === undefined) return;
    for (const each of told)
      if ((isolate.taken.get(each.teller)?.sequence ?? 0) < each.part.sequence)
        isolate.pending.push(each);
    const isAtOnce = this.#mergeSoon(isolate);
    this.#beat.after(isAtOnce ? 2 * HOP_MS : 0, () => {
      const marks = told.flatMap(({ teller }) => isolate.taken.get(teller) ?? []);
      answer(marks, isolate.verdict);
    });
  }

  /** A lease, on the path; a Pulse isolate asks for one at a time and remembers a no. */
  lease(
    pulse: number,
    told: readonly Told[],
    answer: (lease: number, verdict: Verdict) => void,
  ): void {
    const isolate = this.#pulses[pulse];
    if (isolate === undefined) return;
    const { verdict } = isolate;
    const isClosed = isolate.isAsking || this.#beat.now() < isolate.noLeaseUntilMs;
    if (verdict !== null && isClosed) {
      this.#beat.after(0, () => answer(0, verdict));
      return;
    }
    isolate.isAsking = true;
    this.#ask(isolate.shard, told, (lease, news) => {
      isolate.isAsking = false;
      if (lease === 0) isolate.noLeaseUntilMs = this.#beat.now() + NO_LEASE_MS;
      isolate.verdict = newer(isolate.verdict, news);
      answer(lease, news);
    });
  }

  /** Through the shard, which asks for its region as a Pulse isolate asks for its own. */
  #ask(
    shard: number,
    told: readonly Told[],
    answer: (lease: number, verdict: Verdict) => void,
  ): void {
    const { now, after } = this.#beat;
    const known = this.#shards[shard];
    if (known === undefined) return after(HOP_MS, () => this.#grant(told, answer));
    after(HOP_MS, () => {
      this.#count(`shard ${shard}`);
      this.#gather(known, told);
      const { verdict } = known;
      if (verdict !== null && now() < known.noLeaseUntilMs)
        return after(HOP_MS, () => answer(0, verdict));
      known.noLeaseUntilMs = now() + SHARD_MS;
      after(HOP_MS, () =>
        this.#grant([], (lease, news) => {
          known.verdict = newer(known.verdict, news);
          after(HOP_MS, () => answer(lease, news));
        }),
      );
    });
  }

  #grant(told: readonly Told[], answer: (lease: number, verdict: Verdict) => void): void {
    const { now, random, after } = this.#beat;
    this.#count("root");
    this.#take(told);
    const lease = grantLease(this.breaker, DEFAULT_BREAKER, now(), random);
    this.mostProbes = Math.max(this.mostProbes, this.breaker.leases.size);
    const news = this.#verdict();
    after(HOP_MS, () => answer(lease, news));
  }

  /** Whether it begins at once. */
  #mergeSoon(isolate: PulseIsolate): boolean {
    if (isolate.isMerging) return false;
    isolate.isMerging = true;
    const waitMs = Math.max(0, isolate.mergedMs + MERGE_MS - this.#beat.now());
    this.#beat.after(waitMs, () => this.#merge(isolate));
    return waitMs === 0;
  }

  #merge(isolate: PulseIsolate): void {
    const batch = isolate.pending;
    isolate.pending = [];
    isolate.isMerging = false;
    isolate.mergedMs = this.#beat.now();
    this.#beat.after(HOP_MS, () => {
      const shard = this.#shards[isolate.shard];
      this.#count(shard === undefined ? "root" : `shard ${isolate.shard}`);
      if (shard === undefined) this.#take(batch);
      else this.#gather(shard, batch);
      const news = shard === undefined ? this.#verdict() : shard.verdict;
      this.#beat.after(HOP_MS, () => {
        isolate.verdict = newer(isolate.verdict, news);
        for (const { teller, part } of batch)
          isolate.taken.set(teller, { object: part.object, sequence: part.sequence });
      });
    });
  }

  /** The root takes parts; none twice. */
  #take(told: readonly Told[]): void {
    const { now, random } = this.#beat;
    expire(this.breaker, now(), random);
    for (const { teller, caller, part } of told)
      if (isNewer(this.#sequences, teller, part.sequence, now()))
        takeDelta(this.breaker, caller, deltaOf(part), DEFAULT_BREAKER, now(), random);
  }

  /** A shard adds up what its region tells, by caller and generation. */
  #gather({ merged }: Shard, told: readonly Told[]): void {
    for (const { teller, caller, part } of told) {
      if (!isNewer(this.#sequences, teller, part.sequence, this.#beat.now())) continue;
      const delta = deltaOf(part);
      const key = `${delta.generation} ${caller}`;
      merged.set(key, sum(merged.get(key), delta));
    }
  }

  #shardBeat(shard: Shard): void {
    const { now, random, after } = this.#beat;
    after(SHARD_MS, () => this.#shardBeat(shard));
    const batch = [...shard.merged];
    shard.merged.clear();
    after(HOP_MS, () => {
      this.#count("root");
      expire(this.breaker, now(), random);
      for (const [key, delta] of batch) {
        const caller = key.slice(key.indexOf(" ") + 1);
        takeDelta(this.breaker, caller, delta, DEFAULT_BREAKER, now(), random);
      }
      const news = this.#verdict();
      after(HOP_MS, () => {
        shard.verdict = newer(shard.verdict, news);
      });
    });
  }

  #verdict(): Verdict {
    const { state, generation, probeAtMs } = this.breaker;
    const probeInMs = state === "open" ? Math.max(0, probeAtMs - this.#beat.now()) : 0;
    return { object: "breaker:default/callee|default/callee", state, generation, probeInMs };
  }

  #count(object: string): void {
    const key = `${object} ${Math.floor(this.#beat.now() / 1000)}`;
    this.#load.set(key, (this.#load.get(key) ?? 0) + 1);
  }
}

const deltaOf = (part: PulsePart): BreakerDelta => part.delta as BreakerDelta;

const newer = (known: Verdict | null, news: Verdict | null): Verdict | null =>
  known !== null && (news === null || news.generation < known.generation) ? known : news;

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
