// Owns the object CircuitBreaker, one per circuit: the pure machine, with its state kept and its changes told. Counts are
// held in memory only: after a restart they are learned anew. By its name an object is a circuit or a shard of one.
import { DurableObject } from "cloudflare:workers";
import { circuitOf, countCalls, newLoad } from "../../mesh/algorithms/breaker/shard.ts";
import type { BreakerDelta, Verdict } from "../../mesh/contract/pulse.ts";
import type {
  CircuitBreakerApi,
  CircuitLease,
  CircuitWord,
  RegistryApi,
  TakenPart,
} from "../../mesh/contract/state.ts";
import type { BreakerPolicy } from "../../mesh/contract/table.ts";
import { ambientClock } from "../clock.ts";
import { migrate, objectSql } from "../sql.ts";
import { type Keeper, createKeeper } from "./keeper.ts";
import { STEPS } from "./schema.ts";
import { type Root, ShardKeeper } from "./shard.ts";

/** What CircuitBreaker needs of its environment. */
export interface CircuitBreakerEnv {
  readonly REGISTRY: { getByName(name: string): Pick<RegistryApi, "circuits"> };
  readonly CIRCUIT_BREAKER: { getByName(name: string): Root };
}

type Parts = readonly TakenPart<BreakerDelta>[];

/** One circuit for the whole edge, or what a region tells of one. */
export class CircuitBreaker extends DurableObject<CircuitBreakerEnv> implements CircuitBreakerApi {
  readonly #load = newLoad();
  #made: Keeper | null = null;
  #shard: ShardKeeper | null = null;

  async merge(
    object: string,
    parts: Parts,
    policy: BreakerPolicy,
    calls?: number,
  ): Promise<CircuitWord> {
    const shard = this.#shardOf(object);
    if (shard !== null) return await shard.merge(parts, policy);
    const size = this.#take(parts, policy, calls);
    return { ...this.#tell(object), ...size };
  }

  async lease(
    object: string,
    parts: Parts,
    policy: BreakerPolicy,
    calls?: number,
  ): Promise<CircuitLease> {
    const shard = this.#shardOf(object);
    if (shard !== null) return await shard.lease(policy);
    const size = this.#take(parts, policy, calls);
    const lease = this.#keeper().grant(policy);
    return { lease, verdict: this.#tell(object), ...size };
  }

  async trip(object: string): Promise<Verdict> {
    this.#keeper().trip();
    return await this.#toldAtOnce(object);
  }

  async reset(object: string): Promise<Verdict> {
    this.#keeper().reset();
    return await this.#toldAtOnce(object);
  }

  /** A shard keeps nothing, so that only a circuit has a table. */
  #keeper(): Keeper {
    if (this.#made === null) {
      const sql = objectSql(this.ctx.storage);
      migrate(sql, STEPS);
      this.#made = createKeeper(sql, ambientClock);
    }
    return this.#made;
  }

  #shardOf(name: string): ShardKeeper | null {
    const circuit = circuitOf(name);
    if (circuit === null) return null;
    const rootOf = (): Root => this.env.CIRCUIT_BREAKER.getByName(circuit);
    const keep = (work: Promise<unknown>): void => this.ctx.waitUntil(work);
    return (this.#shard ??= new ShardKeeper(circuit, rootOf, ambientClock, keep));
  }

  /** A tree takes what its shards tell and nothing else, so that a part comes one way only. */
  #take(
    parts: Parts,
    policy: BreakerPolicy,
    calls: number | undefined,
  ): Pick<CircuitWord, "shards"> {
    const shards = countCalls(this.#load, calls, ambientClock.now());
    this.#keeper().take(shards > 0 && calls === undefined ? [] : parts, policy);
    return shards > 0 ? { shards } : {};
  }

  /** What Registry has not heard of is told it behind the answer, until it took it. */
  #tell(object: string): Verdict {
    const verdict = this.#keeper().verdict(object);
    if (this.#keeper().isNews(verdict))
      this.ctx.waitUntil(this.#announce(verdict).catch(() => undefined));
    return verdict;
  }

  async #toldAtOnce(object: string): Promise<Verdict> {
    const verdict = this.#keeper().verdict(object);
    await this.#announce(verdict);
    return verdict;
  }

  async #announce(verdict: Verdict): Promise<void> {
    await this.env.REGISTRY.getByName("mesh").circuits([verdict]);
    this.#keeper().told(verdict);
  }
}
