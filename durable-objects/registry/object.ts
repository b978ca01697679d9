// Owns the object Registry, one per mesh: which isolate runs which table version, and what all must know at once.
import { DurableObject } from "cloudflare:workers";
import type { Revocation } from "../../mesh/contract/identity.ts";
import type { Verdict } from "../../mesh/contract/pulse.ts";
import type {
  BreakerPolicies,
  CircuitSeen,
  IsolateSeen,
  RegistryApi,
  RegistryMerge,
} from "../../mesh/contract/state.ts";
import { ambientClock } from "../clock.ts";
import { migrate, objectSql } from "../sql.ts";
import { type Circuits, createCircuits } from "./circuits.ts";
import { STEPS } from "./schema.ts";
import { type Sightings, createSightings } from "./sightings.ts";

/** An isolate heard of within this long counts among those that report. */
const REPORTS_WITHIN_MS = 30_000;

/** Who is there, what is newest, and which circuits are open. */
export class Registry extends DurableObject implements RegistryApi {
  readonly #sightings: Sightings;
  readonly #circuits: Circuits;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    const sql = objectSql(ctx.storage);
    migrate(sql, STEPS);
    this.#sightings = createSightings(sql, ambientClock);
    this.#circuits = createCircuits(sql, ambientClock);
  }

  async merge(seen: readonly IsolateSeen[], havePolicies = 0): Promise<RegistryMerge> {
    this.#sightings.merge(seen);
    const policies = this.#circuits.policies();
    return {
      newest: this.#sightings.published().version,
      revocations: this.#sightings.revocations(),
      reporters: this.#sightings.since(ambientClock.now() - REPORTS_WITHIN_MS).length,
      circuits: this.#circuits.lately(),
      policies: policies.version === havePolicies ? null : policies,
    };
  }

  async published(version: number, atMs: number, breakers?: BreakerPolicies): Promise<void> {
    this.#sightings.publish(version, atMs);
    if (breakers) this.#circuits.setPolicies(version, breakers);
  }

  async circuits(verdicts: readonly Verdict[]): Promise<void> {
    for (const verdict of verdicts) this.#circuits.take(verdict);
  }

  async listCircuits(): Promise<readonly CircuitSeen[]> {
    return this.#circuits.all();
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
