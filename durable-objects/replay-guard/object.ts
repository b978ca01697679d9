// Owns the object ReplayGuard, one per first character of the nonce: at most once, whichever isolate asks (contract/state.ts).
import { DurableObject } from "cloudflare:workers";
import type { ReplayGuardApi } from "../../mesh/contract/state.ts";
import { ambientClock } from "../clock.ts";
import { migrate, objectSql } from "../sql.ts";
import { STEPS } from "./schema.ts";
import { type Seen, createSeen } from "./seen.ts";

/** Nonces of strict calls. */
export class ReplayGuard extends DurableObject implements ReplayGuardApi {
  readonly #seen: Seen;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    const sql = objectSql(ctx.storage);
    migrate(sql, STEPS);
    this.#seen = createSeen(sql, ambientClock);
  }

  async admit(key: string): Promise<boolean> {
    return this.#seen.admit(key);
  }
}
