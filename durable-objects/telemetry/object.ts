// Owns the object Telemetry, one per destination service: what its calls came to, of late and ever.
import { DurableObject } from "cloudflare:workers";
import type { TelemetryApi, TelemetryReading } from "../../mesh/contract/state.ts";
import { ambientClock } from "../clock.ts";
import { migrate, objectSql } from "../sql.ts";
import { STEPS } from "./schema.ts";
import type { Part } from "./sound.ts";
import { type TelemetryStore, createTelemetryStore } from "./store.ts";

/** Golden signals of one destination. */
export class Telemetry extends DurableObject implements TelemetryApi {
  readonly #store: TelemetryStore;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    const sql = objectSql(ctx.storage);
    migrate(sql, STEPS);
    this.#store = createTelemetryStore(sql, ambientClock);
  }

  async take(parts: readonly Part[]): Promise<void> {
    this.#store.take(parts);
  }

  async read(windowMs: number | null): Promise<TelemetryReading> {
    return this.#store.read(windowMs);
  }
}
