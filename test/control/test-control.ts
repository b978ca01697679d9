// Control in a test: the real logic of its objects over SQLite in memory, a KV that can fail, a clock that stands.
import type { Control } from "../../control/control.ts";
import { createCounters } from "../../durable-objects/config-store/counters.ts";
import { createPublishing } from "../../durable-objects/config-store/publishing.ts";
import { createResourceTable } from "../../durable-objects/config-store/resources.ts";
import { STEPS as STORE_STEPS } from "../../durable-objects/config-store/schema.ts";
import { createMasters } from "../../durable-objects/issuer/masters.ts";
import { STEPS as ISSUER_STEPS } from "../../durable-objects/issuer/schema.ts";
import { createRevocations } from "../../durable-objects/issuer/revocations.ts";
import { createSeal } from "../../durable-objects/issuer/seal.ts";
import { createSecretRows } from "../../durable-objects/issuer/secret-rows.ts";
import { loadTableKey } from "../../durable-objects/issuer/table-key.ts";
import { STEPS as REGISTRY_STEPS } from "../../durable-objects/registry/schema.ts";
import { createSightings } from "../../durable-objects/registry/sightings.ts";
import { migrate } from "../../durable-objects/sql.ts";
import type { ConfigStoreApi, IssuerApi, RegistryApi } from "../../mesh/contract/state.ts";
import { type TestClock, memorySql, testClock } from "../durable-objects/memory-sql.ts";

export interface TestControl extends Control {
  readonly clock: TestClock;
  readonly values: Map<string, Uint8Array>;
  /** While set, KV refuses writes. */
  failKv: boolean;
}

/** The seal key of tests. */
export const TEST_KEK = "A".repeat(43);

export async function createTestControl(gapMs = 0): Promise<TestControl> {
  const clock = testClock();
  const values = new Map<string, Uint8Array>();
  const control: TestControl = {
    clock,
    values,
    failKv: false,
    gapMs,
    leaseMs: null,
    store: createStore(clock),
    issuer: await createIssuer(clock),
    registry: createRegistry(clock),
    kv: {
      async put(key, value) {
        if (control.failKv) throw new Error("KV is away");
        values.set(key, value);
      },
    },
    waitUntil: (work) => void work.catch(() => undefined),
  };
  return control;
}

export function createStore(clock: TestClock): ConfigStoreApi {
  const sql = memorySql();
  migrate(sql, STORE_STEPS);
  const counters = createCounters(sql);
  const resources = createResourceTable(sql, counters, clock);
  const publishing = createPublishing(sql, counters, clock);
  return {
    list: async (...args) => resources.list(...args),
    get: async (...args) => resources.get(...args),
    write: async (...args) => resources.write(...args),
    writeStatuses: async (statuses) => resources.writeStatuses(statuses),
    async beginPublish(gap) {
      const turn = publishing.begin(gap);
      return turn && { ...turn, resources: resources.list() };
    },
    endPublish: async (...args) => publishing.end(...args),
    publishedVersion: async () => publishing.state().version,
    publishState: async () => publishing.state(),
    table: async (have) => publishing.table(have),
    wroteKv: async (version) => publishing.wroteKv(version),
  };
}

async function createIssuer(clock: TestClock): Promise<IssuerApi> {
  const sql = memorySql();
  migrate(sql, ISSUER_STEPS);
  const rows = createSecretRows(sql, await createSeal(TEST_KEK, clock), clock);
  const masters = createMasters(rows, clock);
  const key = await loadTableKey(rows);
  const revocations = createRevocations(sql, clock);
  return {
    tableKey: async () => key.publicKey,
    signTable: async (bytes) =>
      new Uint8Array(
        await crypto.subtle.sign(
          { name: "ECDSA", hash: "SHA-256" },
          key.privateKey,
          new Uint8Array(bytes),
        ),
      ),
    masters: async () => ({ epochs: await masters.epochs(), seed: await masters.seed() }),
    revoke: async (revocation) => revocations.add(revocation),
    revocations: async () => revocations.all(),
  };
}

function createRegistry(clock: TestClock): RegistryApi {
  const sql = memorySql();
  migrate(sql, REGISTRY_STEPS);
  const sightings = createSightings(sql, clock);
  return {
    async merge(seen) {
      sightings.merge(seen);
      return { newest: sightings.published().version, revocations: sightings.revocations() };
    },
    published: async (version, atMs) => sightings.publish(version, atMs),
    newest: async () => sightings.published(),
    addRevocations: async (revocations) => sightings.addRevocations(revocations),
    isolates: async (sinceMs) => sightings.since(sinceMs),
  };
}
