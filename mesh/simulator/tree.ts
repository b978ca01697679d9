// Owns the objects' side of the model of size: Pulse isolates that merge, one object or a tree of shards, and the breaker.
import { hear, heard, knock, unlock } from "../algorithms/breaker/door.ts";
import {
  expire,
  grantLease,
  newBreaker,
  takeDelta,
  type Breaker,
} from "../algorithms/breaker/machine.ts";
import {
  batchOf,
  countCalls,
  gather,
  hasUntold,
  MOST_DIRECT,
  newLoad,
  rootTook,
  SHARD_MS,
  SHARDS,
  TREE_MS,
} from "../algorithms/breaker/shard.ts";
import { isNewer, type Sequences } from "../algorithms/pulse/sequences.ts";
import { DEFAULT_BREAKER } from "../contract/defaults.ts";
import type { BreakerDelta, PartMark, PulsePart, Verdict } from "../contract/pulse.ts";
import type { TakenPart } from "../contract/state.ts";
import type { Random } from "./random.ts";
import { bornRegion, type Region } from "./region.ts";

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
const MERGE_MS = 1000;
/** Between the Worker and an object. */
const HOP_MS = 20;
/** A Pulse isolate remembers for as long that there was no lease to be had. */
const NO_LEASE_MS = 1000;

interface PulseIsolate {
  readonly at: number;
  /** Until when it calls a shard. */
  treeUntilMs: number;
  pending: Told[];
  /** Taken by the object, and whose pulse has still to be told so. */
  readonly taken: Map<string, PartMark>;
  isMerging: boolean;
  mergedMs: number;
  verdict: Verdict | null;
  isAsking: boolean;
  noLeaseUntilMs: number;
}

/** What an object says, and how many shards the circuit has. */
type Word = (verdict: Verdict | null, shards: number) => void;
type Lease = (lease: number, verdict: Verdict, shards: number) => void;

/** The state of one circuit and who carries news to it and from it. */
export class Tree {
  readonly breaker: Breaker;
  readonly reporters: number;
  mostProbes = 0;
  readonly #beat: Beat;
  readonly #pulses: PulseIsolate[];
  readonly #sequences: Sequences = new Map();
  readonly #regions: readonly Region[];
  readonly #size = newLoad();
  readonly #load = new Map<string, number>();

  /** `isKnown`: Pulse isolates know from the start that a circuit that so many call is a tree. */
  constructor(isolates: number, isKnown: boolean, beat: Beat) {
    const pulses = Math.max(1, Math.ceil(isolates / PER_PULSE));
    this.reporters = isolates;
    this.#beat = beat;
    this.breaker = newBreaker(beat.now());
    this.#regions = Array.from({ length: SHARDS }, (_, at) => bornRegion(`shard ${at}`));
    this.#pulses = Array.from({ length: pulses }, (_, at) => ({
      at,
      treeUntilMs: isKnown && pulses > MOST_DIRECT ? beat.now() + TREE_MS : 0,
      pending: [],
      taken: new Map(),
      isMerging: false,
      mergedMs: -beat.random() * MERGE_MS,
      verdict: null,
      isAsking: false,
      noLeaseUntilMs: 0,
    }));
  }

  /** 0 while the circuit is called directly. */
  get shards(): number {
    return countCalls(this.#size, 0, this.#beat.now());
  }

  /** The Pulse isolate that serves an isolate. */
  pulseOf(isolate: number): number {
    return isolate % this.#pulses.length;
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
  lease(pulse: number, answer: (lease: number, verdict: Verdict) => void): void {
    const isolate = this.#pulses[pulse];
    if (isolate === undefined) return;
    const { verdict } = isolate;
    const isClosed = isolate.isAsking || this.#beat.now() < isolate.noLeaseUntilMs;
    if (verdict !== null && isClosed) {
      this.#beat.after(0, () => answer(0, verdict));
      return;
    }
    isolate.isAsking = true;
    this.#ask(isolate, (lease, news, shards) => {
      isolate.isAsking = false;
      this.#learnSize(isolate, shards);
      if (lease === 0) isolate.noLeaseUntilMs = this.#beat.now() + NO_LEASE_MS;
      isolate.verdict = newer(isolate.verdict, news);
      answer(lease, news);
    });
  }

  /** Through the shard, which asks for its region as a Pulse isolate asks for its own. */
  #ask(isolate: PulseIsolate, answer: Lease): void {
    const { now, after } = this.#beat;
    const region = this.#regionOf(isolate);
    if (region === undefined) return after(HOP_MS, () => this.#grant(answer));
    after(HOP_MS, () => {
      this.#count(region.name);
      region.calls += 1;
      this.#tellSoon(region);
      const verdict = knock(region.door, now());
      if (verdict !== null) return after(HOP_MS, () => answer(0, verdict, region.shards));
      after(HOP_MS, () =>
        this.#grant((lease, news, shards) => {
          hear(region.door, news, now());
          unlock(region.door, lease, SHARD_MS, now());
          region.shards = shards;
          after(HOP_MS, () => answer(lease, news, shards));
        }),
      );
    });
  }

  #grant(answer: Lease): void {
    const { now, random, after } = this.#beat;
    this.#count("root");
    const shards = countCalls(this.#size, 1, now());
    const lease = grantLease(this.breaker, DEFAULT_BREAKER, now(), random);
    this.mostProbes = Math.max(this.mostProbes, this.breaker.leases.size);
    const news = this.#verdict();
    after(HOP_MS, () => answer(lease, news, shards));
  }

  #regionOf({ at, treeUntilMs }: PulseIsolate): Region | undefined {
    return this.#beat.now() < treeUntilMs ? this.#regions[at % SHARDS] : undefined;
  }

  #learnSize(isolate: PulseIsolate, shards: number): void {
    if (shards > 0) isolate.treeUntilMs = this.#beat.now() + TREE_MS;
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
    const region = this.#regionOf(isolate);
    const parts = batch.map(({ teller, caller, part }) => ({
      workload: caller,
      isolate: teller,
      sequence: part.sequence,
      delta: part.delta as BreakerDelta,
    }));
    const answer: Word = (news, shards) => {
      isolate.verdict = newer(isolate.verdict, news);
      this.#learnSize(isolate, shards);
      for (const { teller, part } of batch)
        isolate.taken.set(teller, { object: part.object, sequence: part.sequence });
    };
    this.#beat.after(HOP_MS, () =>
      region === undefined ? this.#take(parts, 1, answer) : this.#gather(region, parts, answer),
    );
  }

  /** The root takes parts; none twice. */
  #take(parts: readonly TakenPart<BreakerDelta>[], calls: number, answer: Word): void {
    const { now, random, after } = this.#beat;
    this.#count("root");
    const shards = countCalls(this.#size, calls, now());
    expire(this.breaker, now(), random);
    for (const { workload, isolate, sequence, delta } of parts)
      if (isNewer(this.#sequences, `${workload} ${isolate}`, sequence, now()))
        takeDelta(this.breaker, workload, delta, DEFAULT_BREAKER, now(), random);
    const news = this.#verdict();
    after(HOP_MS, () => answer(news, shards));
  }

  /** A shard answers from memory, and tells the root behind that. */
  #gather(region: Region, parts: readonly TakenPart<BreakerDelta>[], answer: Word): void {
    const { now, after } = this.#beat;
    this.#count(region.name);
    region.calls += 1;
    gather(region.shard, parts, now());
    this.#tellSoon(region);
    const news = heard(region.door, now());
    after(HOP_MS, () => answer(news, region.shards));
  }

  #tellSoon(region: Region): void {
    const { now, after } = this.#beat;
    if (region.isTelling) return;
    region.isTelling = true;
    after(Math.max(0, region.toldMs + SHARD_MS - now()), () => {
      const batch = batchOf(region.shard);
      const { calls } = region;
      region.calls = 0;
      region.toldMs = now();
      after(HOP_MS, () =>
        this.#take(batch, calls, (news, shards) => {
          rootTook(region.shard, batch);
          if (news !== null) hear(region.door, news, now());
          region.shards = shards;
          region.isTelling = false;
          if (hasUntold(region.shard)) this.#tellSoon(region);
        }),
      );
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

const newer = (known: Verdict | null, news: Verdict | null): Verdict | null =>
  known !== null && (news === null || news.generation < known.generation) ? known : news;
