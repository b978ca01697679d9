// Owns the object Registry, one per mesh: which isolate runs which table version, and what all must know at once.
import { DurableObject } from "cloudflare:workers";
import type { Revocation } from "../../mesh/contract/identity.ts";
import type { IsolateSeen, RegistryApi } from "../../mesh/contract/state.ts";
import { ambientClock } from "../clock.ts";
import { migrate, objectSql } from "../sql.ts";
import { STEPS } from "./schema.ts";
import { type Sightings, createSightings } from "./sightings.ts";

/** Who is there, and what is newest. */
export class Registry extends DurableObject implements RegistryApi {
  readonly #sightings: Sightings;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    const sql = objectSql(ctx.storage);
    migrate(sql, STEPS);
    this.#sightings = createSightings(sql, ambientClock);
  }

  async merge(
    seen: readonly IsolateSeen[],
  ): Promise<{ newest: number; revocations: readonly Revocation[] }> {
    this.#sightings.merge(seen);
    return {
      newest: this.#sightings.published().version,
      revocations: this.#sightings.revocations(),
    };
  }

  async published(version: number, atMs: number): Promise<void> {
    this.#sightings.publish(version, atMs);
  }

  async newest(): Promise<{ version: number; atMs: number }> {
    return this.#sightings.published();
  }

  async addRevocations(revocations: readonly Revocation[]): Promise<void> {
    this.#sightings.addRevocations(revocations);
  }

  async isolates(sinceMs: number): Promise<readonly IsolateSeen[]> {
    return this.#sightings.since(sinceMs);
  }
}
