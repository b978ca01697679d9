// Owns a shard of a circuit that is a tree: takes what Pulse isolates tell as the circuit itself does, tells the root
// behind the answer, and answers with what it heard there last.
import { hear, heard, knock, newDoor, unlock } from "../../mesh/algorithms/breaker/door.ts";
import {
  SHARD_MS,
  batchOf,
  gather,
  hasUntold,
  newShard,
  rootTook,
  type Shard,
} from "../../mesh/algorithms/breaker/shard.ts";
import { DEFAULT_BREAKER } from "../../mesh/contract/defaults.ts";
import type { BreakerDelta, Verdict } from "../../mesh/contract/pulse.ts";
import type {
  CircuitBreakerApi,
  CircuitLease,
  CircuitWord,
  TakenPart,
} from "../../mesh/contract/state.ts";
import type { BreakerPolicy } from "../../mesh/contract/table.ts";
import type { Clock } from "../clock.ts";

/** Times that a root which is away is told again; then it hears with what comes next. */
const MOST_TRIES = 20;

/** The circuit itself, as a shard calls it. */
export type Root = Pick<CircuitBreakerApi, "merge" | "lease">;

type Parts = readonly TakenPart<BreakerDelta>[];

/** Asks for news of its circuit when it is called, and not by itself. */
export class ShardKeeper {
  readonly #circuit: string;
  readonly #rootOf: () => Root;
  readonly #clock: Clock;
  readonly #waitUntil: (work: Promise<unknown>) => void;
  readonly #shard: Shard;
  readonly #door = newDoor();
  #policy: BreakerPolicy = DEFAULT_BREAKER;
  /** As the root said last. */
  #size: Pick<CircuitWord, "shards"> = {};
  /** Since it told the root how many. */
  #calls = 0;
  #toldMs = Number.NEGATIVE_INFINITY;
  #first: Promise<Verdict> | null = null;
  #isTelling = false;

  /** `rootOf` makes a stub per call. */
  constructor(
    circuit: string,
    rootOf: () => Root,
    clock: Clock,
    waitUntil: (work: Promise<unknown>) => void,
  ) {
    this.#circuit = circuit;
    this.#rootOf = rootOf;
    this.#clock = clock;
    this.#waitUntil = waitUntil;
    this.#shard = newShard(clock.uuid());
  }

  /** Takes what is told, unless the root says it is no tree. */
  async merge(parts: Parts, policy: BreakerPolicy): Promise<CircuitWord> {
    const verdict = await this.#stand(policy);
    if (this.#isTree()) {
      gather(this.#shard, parts, this.#clock.now());
      this.#tellSoon();
    }
    return { ...verdict, ...this.#size };
  }

  async lease(policy: BreakerPolicy): Promise<CircuitLease> {
    const known = await this.#stand(policy);
    const isClosed = this.#isTree() ? knock(this.#door, this.#clock.now()) : known;
    if (isClosed === null) return await this.#ask();
    if (this.#isTree()) this.#tellSoon();
    return { lease: 0, verdict: isClosed, ...this.#size };
  }

  /** What was heard of the circuit last; where that is nothing, or that it is no tree, it asks first. */
  async #stand(policy: BreakerPolicy): Promise<Verdict> {
    this.#calls += 1;
    this.#policy = policy;
    const known = heard(this.#door, this.#clock.now());
    if (known !== null && this.#isTree()) return known;
    // One question is enough for all who wait for the answer.
    return await (this.#first ??= this.#tell().finally(() => {
      this.#first = null;
    }));
  }

  #isTree(): boolean {
    return this.#size.shards !== undefined;
  }

  async #ask(): Promise<CircuitLease> {
    let lease: number | null = null;
    try {
      const batch = batchOf(this.#shard);
      const leased = await this.#rootOf().lease(this.#circuit, batch, this.#policy, 1);
      this.#learn(batch, leased.verdict, leased.shards);
      lease = leased.lease;
      return leased;
    } finally {
      unlock(this.#door, lease, SHARD_MS, this.#clock.now());
    }
  }

  async #tell(): Promise<Verdict> {
    const batch = batchOf(this.#shard);
    const calls = this.#calls;
    this.#calls = 0;
    this.#toldMs = this.#clock.now();
    try {
      const root = this.#rootOf();
      const { shards, ...verdict } = await root.merge(this.#circuit, batch, this.#policy, calls);
      this.#learn(batch, verdict, shards);
      return verdict;
    } catch (error) {
      this.#calls += calls;
      throw error;
    }
  }

  #learn(batch: Parts, verdict: Verdict, shards: number | undefined): void {
    rootTook(this.#shard, batch);
    this.#size = shards === undefined ? {} : { shards };
    hear(this.#door, verdict, this.#clock.now());
  }

  #tellSoon(): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    const work = this.#tellAll().finally(() => {
      this.#isTelling = false;
    });
    this.#waitUntil(work);
  }

  async #tellAll(): Promise<void> {
    for (let tries = 0; tries < MOST_TRIES;) {
      await this.#clock.sleep(Math.max(0, this.#toldMs + SHARD_MS - this.#clock.now()));
      try {
        await this.#tell();
        if (!hasUntold(this.#shard)) return;
      } catch {
        tries += 1;
      }
    }
  }
}
