// Owns the object Issuer, one per trust domain: the table key, epoch and seed masters, revocations (contract/state.ts).
import { DurableObject } from "cloudflare:workers";
import type { Revocation } from "../../mesh/contract/identity.ts";
import type { IssuerApi } from "../../mesh/contract/state.ts";
import { ambientClock } from "../clock.ts";
import { type Sql, migrate, objectSql } from "../sql.ts";
import { STEPS } from "./schema.ts";
import { type Masters, createMasters } from "./masters.ts";
import { type Seeds, createSeeds } from "./seeds.ts";
import { type Revocations, createRevocations } from "./revocations.ts";
import { createSeal } from "./seal.ts";
import { type SecretRows, createSecretRows, sealAnew } from "./secret-rows.ts";
import { type TableKeys, createTableKeys } from "./table-keys.ts";
import { keySlots } from "./key-slots.ts";
import { type TokenKeys, createTokenKeys } from "./token-keys.ts";

/** What Issuer needs of its environment. */
export interface IssuerEnv {
  /** Secret: base64url of 32 bytes. */
  readonly HEDDLE_KEK?: string;
  /** Secret, while another HEDDLE_KEK takes its place: what this one sealed is sealed anew. */
  readonly HEDDLE_KEK_BEFORE?: string;
}

interface Keys {
  readonly masters: Masters;
  readonly seeds: Seeds;
  readonly table: TableKeys;
  readonly tokens: TokenKeys;
  readonly rows: SecretRows;
}

/** Keys of the mesh, and who may not use them any more. */
export class Issuer extends DurableObject<IssuerEnv> implements IssuerApi {
  readonly #sql: Sql;
  readonly #revocations: Revocations;
  #keys: Promise<Keys> | null = null;

  constructor(ctx: DurableObjectState, env: IssuerEnv) {
    super(ctx, env);
    this.#sql = objectSql(ctx.storage);
    migrate(this.#sql, STEPS);
    this.#revocations = createRevocations(this.#sql, ambientClock);
  }

  async tableKey(kid?: string): ReturnType<IssuerApi["tableKey"]> {
    return (await this.#ready()).table.publicPart(kid);
  }

  async signTable(bytes: Uint8Array): ReturnType<IssuerApi["signTable"]> {
    return (await this.#ready()).table.sign(bytes);
  }

  async tableSignedBy(): ReturnType<IssuerApi["tableSignedBy"]> {
    return (await this.#ready()).table.signedBy();
  }

  async masters(): ReturnType<IssuerApi["masters"]> {
    const { masters, seeds } = await this.#ready();
    if ((await this.ctx.storage.getAlarm()) === null) await this.alarm();
    const [seed, ...others] = await seeds.good();
    return { epochs: await masters.epochs(), seed, others };
  }

  async revoke(revocation: Omit<Revocation, "atMs">): Promise<readonly Revocation[]> {
    return this.#revocations.add(revocation);
  }

  async revocations(): Promise<readonly Revocation[]> {
    return this.#revocations.all();
  }

  async signToken(bytes: Uint8Array): ReturnType<IssuerApi["signToken"]> {
    return (await this.#ready()).tokens.sign(bytes);
  }

  async tokenKeys(): ReturnType<IssuerApi["tokenKeys"]> {
    return (await this.#ready()).tokens.bundle();
  }

  async slots(): ReturnType<IssuerApi["slots"]> {
    const { rows, ...keys } = await this.#ready();
    const slots = [...keys.tokens.slots(), ...keys.table.slots(), ...keys.seeds.slots()];
    const kids = this.#revocations.all().filter(({ kind }) => kind === "kid");
    const revoked = new Set(kids.map(({ value }) => value));
    return keySlots(rows, slots, revoked, ambientClock.now());
  }

  async rotate(...[purpose, isAtOnce]: Parameters<IssuerApi["rotate"]>): Promise<string> {
    const { seeds, tokens, table } = await this.#ready();
    const kid = await { seed: seeds, token: tokens, table }[purpose].rotate(isAtOnce);
    await this.alarm();
    return kid;
  }

  /** Prepares what follows ahead of time: epochs, the next slots of seeds, token keys and table keys. */
  override async alarm(): Promise<void> {
    const { masters, seeds, tokens, table } = await this.#ready();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const keys of [masters, seeds, tokens, table])
      nextMs = Math.min(nextMs, await keys.prepare());
    await this.ctx.storage.setAlarm(nextMs);
  }

  /** A kek that does not do fails each call anew, so that setting it right needs no restart. */
  #ready(): Promise<Keys> {
    this.#keys ??= openKeys(this.#sql, this.env).catch((error: unknown) => {
      this.#keys = null;
      throw error;
    });
    return this.#keys;
  }
}

async function openKeys(sql: Sql, env: IssuerEnv): Promise<Keys> {
  const seal = await createSeal(env.HEDDLE_KEK, ambientClock);
  const before = env.HEDDLE_KEK_BEFORE;
  if (before !== undefined) await sealAnew(sql, await createSeal(before, ambientClock), seal);
  const rows = createSecretRows(sql, seal, ambientClock);
  const store = { sql, rows, clock: ambientClock };
  return {
    masters: createMasters(rows, ambientClock),
    seeds: createSeeds(store),
    table: createTableKeys(store),
    tokens: createTokenKeys(sql, rows, ambientClock),
    rows,
  };
}
