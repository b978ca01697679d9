// Owns the object ConfigStore, one per mesh: resources, history, versions, the turns of the publisher (contract/state.ts).
import { DurableObject } from "cloudflare:workers";
import type {
  ConfigStoreApi,
  PublishState,
  PublishTurn,
  ResourceWrite,
  StoredResource,
  WriteResult,
} from "../../mesh/contract/state.ts";
import { ambientClock } from "../clock.ts";
import { migrate, objectSql } from "../sql.ts";
import { type Audit, createAudit } from "./audit.ts";
import { createCounters } from "./counters.ts";
import { type Publishing, createPublishing } from "./publishing.ts";
import { type ResourceTable, createResourceTable } from "./resources.ts";
import { STEPS } from "./schema.ts";
import { type Tokens, createTokens } from "./tokens.ts";

/** What the mesh is told to be. */
export class ConfigStore extends DurableObject implements ConfigStoreApi {
  readonly #resources: ResourceTable;
  readonly #publishing: Publishing;
  readonly #tokens: Tokens;
  readonly #audit: Audit;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    const sql = objectSql(ctx.storage);
    migrate(sql, STEPS);
    const counters = createCounters(sql);
    this.#resources = createResourceTable(sql, counters, ambientClock);
    this.#publishing = createPublishing(sql, counters, ambientClock);
    this.#tokens = createTokens(sql, ambientClock);
    this.#audit = createAudit(sql, ambientClock);
  }

  async list(kind?: string, namespace?: string): Promise<readonly StoredResource[]> {
    return this.#resources.list(kind, namespace);
  }

  async get(kind: string, namespace: string, name: string): Promise<StoredResource | null> {
    return this.#resources.get(kind, namespace, name);
  }

  async write(writes: readonly ResourceWrite[], by: string, dryRun: boolean): Promise<WriteResult> {
    return this.#resources.write(writes, by, dryRun);
  }

  async writeStatuses(statuses: Parameters<ConfigStoreApi["writeStatuses"]>[0]): Promise<void> {
    this.#resources.writeStatuses(statuses);
  }

  async beginPublish(minGapMs: number): Promise<PublishTurn | null> {
    const turn = this.#publishing.begin(minGapMs);
    return turn && { ...turn, resources: this.#resources.list() };
  }

  async endPublish(...args: Parameters<ConfigStoreApi["endPublish"]>): Promise<boolean> {
    return this.#publishing.end(...args);
  }

  async publishedVersion(): Promise<number> {
    return this.#publishing.state().version;
  }

  async publishState(): Promise<PublishState> {
    return this.#publishing.state();
  }

  async table(have: number): ReturnType<ConfigStoreApi["table"]> {
    return this.#publishing.table(have);
  }

  async wroteKv(version: number): Promise<void> {
    this.#publishing.wroteKv(version);
  }

  async findToken(digest: string): ReturnType<ConfigStoreApi["findToken"]> {
    return this.#tokens.find(digest);
  }

  async tokens(): ReturnType<ConfigStoreApi["tokens"]> {
    return this.#tokens.all();
  }

  async addToken(...args: Parameters<ConfigStoreApi["addToken"]>): Promise<boolean> {
    return this.#tokens.add(...args);
  }

  async removeToken(name: string): Promise<boolean> {
    return this.#tokens.remove(name);
  }

  async audit(entry: Parameters<ConfigStoreApi["audit"]>[0]): Promise<void> {
    this.#audit.add(entry);
  }

  async auditTrail(most: number, beforeId: number): ReturnType<ConfigStoreApi["auditTrail"]> {
    return this.#audit.read(most, beforeId);
  }
}
