// Owns the object CircuitBreaker, one per circuit: the pure machine, with its state kept and its changes told. Counts are
// held in memory only: after a restart they are learned anew.
import { DurableObject } from "cloudflare:workers";
import type { BreakerDelta, LeaseReply, Verdict } from "../../mesh/contract/pulse.ts";
import type { CircuitBreakerApi, RegistryApi, TakenPart } from "../../mesh/contract/state.ts";
import type { BreakerPolicy } from "../../mesh/contract/table.ts";
import { ambientClock } from "../clock.ts";
import { migrate, objectSql } from "../sql.ts";
import { type Keeper, createKeeper } from "./keeper.ts";
import { STEPS } from "./schema.ts";

/** What CircuitBreaker needs of its environment. */
export interface CircuitBreakerEnv {
  readonly REGISTRY: { getByName(name: string): Pick<RegistryApi, "circuits"> };
}

type Parts = readonly TakenPart<BreakerDelta>[];

/** One circuit for the whole edge. */
export class CircuitBreaker extends DurableObject<CircuitBreakerEnv> implements CircuitBreakerApi {
  readonly #keeper: Keeper;

  constructor(ctx: DurableObjectState, env: CircuitBreakerEnv) {
    super(ctx, env);
    const sql = objectSql(ctx.storage);
    migrate(sql, STEPS);
    this.#keeper = createKeeper(sql, ambientClock);
  }

  async merge(object: string, parts: Parts, policy: BreakerPolicy): Promise<Verdict> {
    this.#keeper.take(parts, policy);
    return this.#tell(object);
  }

  async lease(
    object: string,
    parts: Parts,
    policy: BreakerPolicy,
  ): Promise<Pick<LeaseReply, "lease" | "verdict">> {
    this.#keeper.take(parts, policy);
    const lease = this.#keeper.grant(policy);
    return { lease, verdict: this.#tell(object) };
  }

  async trip(object: string): Promise<Verdict> {
    this.#keeper.trip();
    return await this.#toldAtOnce(object);
  }

  async reset(object: string): Promise<Verdict> {
    this.#keeper.reset();
    return await this.#toldAtOnce(object);
  }

  /** What Registry has not heard of is told it behind the answer, until it took it. */
  #tell(object: string): Verdict {
    const verdict = this.#keeper.verdict(object);
    if (this.#keeper.isNews(verdict))
      this.ctx.waitUntil(this.#announce(verdict).catch(() => undefined));
    return verdict;
  }

  async #toldAtOnce(object: string): Promise<Verdict> {
    const verdict = this.#keeper.verdict(object);
    await this.#announce(verdict);
    return verdict;
  }

  async #announce(verdict: Verdict): Promise<void> {
    await this.env.REGISTRY.getByName("mesh").circuits([verdict]);
    this.#keeper.told(verdict);
  }
}
