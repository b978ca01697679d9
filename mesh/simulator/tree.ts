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
  addressed,
  batchOf,
  countCalls,
  gather,
  handOnInMs,
  hasUntold,
  MOST_DIRECT,
  newLoad,
  rootTook,
  SHARD_MS,
  shardName,
  shardOf,
  SHARDS,
  tellerOf,
  TREE_MS,
} from "../algorithms/breaker/shard.ts";
import { isNewer, type Sequences } from "../algorithms/pulse/sequences.ts";
import { DEFAULT_BREAKER } from "../contract/defaults.ts";
import type { BreakerDelta, PartMark, Verdict } from "../contract/pulse.ts";
import type { TakenPart } from "../contract/state.ts";
import { randomOf, type Random } from "./core/random.ts";
import { bornRegion, type Region } from "./region.ts";
import { bornServer, isTree, newer, type Server, type Told } from "./server.ts";

/** Time and chance, as the model gives them. */
export interface Beat {
  now(): number;
  readonly random: Random;
  after(ms: number, run: () => void): void;
}

type Parts = readonly TakenPart<BreakerDelta>[];
type Answer = (marks: readonly PartMark[], verdict: Verdict | null) => void;

const CIRCUIT = "breaker:default/callee|default/callee";
/** Isolates of the mesh that one isolate of the Pulse entrypoint serves, and the share of their pulses that another gets. */
const PER_PULSE = 100;
const STRAY_SHARE = 0.1;
/** Between the Worker and an object. */
const HOP_MS = 20;
/** A Pulse isolate remembers for as long that there was no lease to be had. */
const NO_LEASE_MS = 1000;

/** What an object says, and how many shards the circuit has; it took nothing where it was called as if that were otherwise. */
type Word = (verdict: Verdict | null, shards: number) => void;
type Lease = (lease: number, verdict: Verdict, shards: number) => void;

/** The state of one circuit and who carries news to it and from it. */
export class Tree {
  readonly breaker: Breaker;
  readonly reporters: number;
  mostProbes = 0;
  /** Calls of which the circuit was told, each as often as it took them. */
  counted = 0;
  readonly #beat: Beat;
  /** Draws which ways are taken and when, apart from what the breaker draws. */
  readonly #ways: Random;
  readonly #pulses: Server[];
  readonly #sequences: Sequences = new Map();
  readonly #regions: ReadonlyMap<string, Region>;
  readonly #size = newLoad();
  readonly #load = new Map<string, number>();

  /** `isKnown`: Pulse isolates know from the start that a circuit that so many call is a tree. */
  constructor(isolates: number, isKnown: boolean, beat: Beat) {
    const pulses = Math.max(1, Math.ceil(isolates / PER_PULSE));
    this.reporters = isolates;
    this.#beat = beat;
    this.#ways = randomOf(isolates);
    this.breaker = newBreaker(beat.now());
    const names = Array.from({ length: SHARDS }, (_, at) => shardName(at, CIRCUIT));
    this.#regions = new Map(names.map((name) => [name, bornRegion(name)]));
    const treeUntilMs = isKnown && pulses > MOST_DIRECT ? beat.now() + TREE_MS : 0;
    this.#pulses = Array.from({ length: pulses }, () =>
      bornServer(treeUntilMs, -1000 * beat.random(), this.#ways()),
    );
  }

  /** 0 while the circuit is called directly. */
  get shards(): number {
    const { treeUntilMs } = this.#size;
    return this.#beat.now() < treeUntilMs ? SHARDS : 0;
  }

  /** The Pulse isolate that gets a pulse of an isolate: nearly always the same. */
  pulseOf(isolate: number): number {
    const isStray = this.#ways() < STRAY_SHARE;
    return (isStray ? isolate + 1 : isolate) % this.#pulses.length;
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
  lease(pulse: number, teller: string, answer: (lease: number, verdict: Verdict) => void): void {
    const isolate = this.#pulses[pulse];
    if (isolate === undefined) return;
    const { verdict } = isolate;
    const isClosed = isolate.isAsking || this.#beat.now() < isolate.noLeaseUntilMs;
    if (verdict !== null && isClosed) {
      this.#beat.after(0, () => answer(0, verdict));
      return;
    }
    isolate.isAsking = true;
    const region = isTree(isolate, this.#beat.now()) ? this.#regionOf(teller) : undefined;
    this.#ask(region, (lease, news, shards) => {
      isolate.isAsking = false;
      this.#learnSize(isolate, shards);
      if (lease === 0) isolate.noLeaseUntilMs = this.#beat.now() + NO_LEASE_MS;
      isolate.verdict = newer(isolate.verdict, news);
      answer(lease, news);
    });
  }

  /** Through a shard, which asks for all who call it as a Pulse isolate asks for its own. */
  #ask(region: Region | undefined, answer: Lease): void {
    const { now, after } = this.#beat;
    if (region === undefined) return after(HOP_MS, () => this.#grant(undefined, answer));
    after(HOP_MS, () => {
      this.#count(region.name);
      region.calls += 1;
      this.#tellSoon(region);
      const verdict = knock(region.door, now());
      if (verdict !== null) return after(HOP_MS, () => answer(0, verdict, region.shards));
      after(HOP_MS, () =>
        this.#grant(1, (lease, news, shards) => {
          hear(region.door, news, now());
          unlock(region.door, lease, SHARD_MS, now());
          region.shards = shards;
          after(HOP_MS, () => answer(lease, news, shards));
        }),
      );
    });
  }

  #grant(calls: number | undefined, answer: Lease): void {
    const { now, random, after } = this.#beat;
    this.#count("root");
    const shards = countCalls(this.#size, calls, now());
    const lease = grantLease(this.breaker, DEFAULT_BREAKER, now(), random);
    this.mostProbes = Math.max(this.mostProbes, this.breaker.leases.size);
    const news = this.#verdict();
    after(HOP_MS, () => answer(lease, news, shards));
  }

  #regionOf(teller: string): Region | undefined {
    return this.#regions.get(shardName(shardOf(teller, SHARDS), CIRCUIT));
  }

  #learnSize(isolate: Server, shards: number): void {
    isolate.treeUntilMs = shards > 0 ? this.#beat.now() + TREE_MS : 0;
  }

  /** Whether it begins at once. */
  #mergeSoon(isolate: Server): boolean {
    if (isolate.isMerging) return false;
    isolate.isMerging = true;
    const nowMs = this.#beat.now();
    const shards = isTree(isolate, nowMs) ? SHARDS : 0;
    const waitMs = handOnInMs(
      nowMs,
      nowMs - isolate.mergedMs,
      shards,
      this.reporters,
      isolate.phase,
    );
    this.#beat.after(waitMs, () => this.#merge(isolate));
    return waitMs === 0;
  }

  #merge(isolate: Server): void {
    const batch = isolate.pending;
    isolate.pending = [];
    isolate.isMerging = false;
    isolate.mergedMs = this.#beat.now();
    const parts = batch.map(({ teller, caller, part }) => ({
      workload: caller,
      isolate: teller,
      sequence: part.sequence,
      delta: part.delta as BreakerDelta,
    }));
    const objects = new Map(batch.map(({ teller, part }) => [teller, part.object]));
    this.#tell(isolate, parts, (taken) => {
      for (const { isolate: teller, sequence } of taken)
        isolate.taken.set(teller, { object: objects.get(teller) ?? CIRCUIT, sequence });
    });
  }

  /** To the circuit, or each part to its own shard; what was not taken goes the other way. */
  #tell(isolate: Server, parts: Parts, took: (parts: Parts) => void): void {
    const called = isTree(isolate, this.#beat.now()) ? SHARDS : 0;
    for (const [name, own] of addressed(CIRCUIT, parts, called)) {
      const answer: Word = (news, shards) => {
        isolate.verdict = newer(isolate.verdict, news);
        this.#learnSize(isolate, shards);
        if (shards === called) took(own);
        else if (isTree(isolate, this.#beat.now()) !== called > 0) this.#tell(isolate, own, took);
      };
      const region = this.#regions.get(name);
      this.#beat.after(HOP_MS, () =>
        region === undefined
          ? this.#take(own, undefined, answer)
          : this.#gather(region, own, answer),
      );
    }
  }

  /** The root takes parts; none twice. */
  #take(parts: Parts, calls: number | undefined, answer: Word): void {
    const { now, random, after } = this.#beat;
    this.#count("root");
    const shards = countCalls(this.#size, calls, now());
    expire(this.breaker, now(), random);
    for (const part of shards > 0 && calls === undefined ? [] : parts) {
      const { workload, sequence, delta } = part;
      if (!isNewer(this.#sequences, tellerOf(part), sequence, now())) continue;
      this.counted += delta.ok + delta.failed;
      takeDelta(this.breaker, workload, delta, DEFAULT_BREAKER, now(), random);
    }
    const news = this.#verdict();
    after(HOP_MS, () => answer(news, shards));
  }

  /** A shard answers from memory, and tells the root behind that; one that knows nothing asks first. */
  #gather(region: Region, parts: Parts, answer: Word): void {
    const { now, after } = this.#beat;
    this.#count(region.name);
    region.calls += 1;
    const take = (): void => {
      if (region.shards > 0) {
        gather(region.shard, parts, now());
        this.#tellSoon(region);
      }
      const news = heard(region.door, now());
      after(HOP_MS, () => answer(news, region.shards));
    };
    if (region.shards > 0) return take();
    region.waiting.push(take);
    this.#tellSoon(region);
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
          for (const take of region.waiting.splice(0)) take();
          if (hasUntold(region.shard)) this.#tellSoon(region);
        }),
      );
    });
  }

  #verdict(): Verdict {
    const { state, generation, probeAtMs } = this.breaker;
    const probeInMs = state === "open" ? Math.max(0, probeAtMs - this.#beat.now()) : 0;
    return { object: CIRCUIT, state, generation, probeInMs };
  }

  #count(object: string): void {
    const key = `${object} ${Math.floor(this.#beat.now() / 1000)}`;
    this.#load.set(key, (this.#load.get(key) ?? 0) + 1);
  }
}
