// Control in a test: the real logic of its objects over SQLite in memory, a KV that can fail, a clock that stands.
import type { Control } from "../../control/control.ts";
import { createKeeper, type Keeper } from "../../durable-objects/circuit-breaker/keeper.ts";
import { STEPS as CIRCUIT_STEPS } from "../../durable-objects/circuit-breaker/schema.ts";
import type { Verdict } from "../../mesh/contract/pulse.ts";
import { createCounters } from "../../durable-objects/config-store/counters.ts";
import { createPublishing } from "../../durable-objects/config-store/publishing.ts";
import { createResourceTable } from "../../durable-objects/config-store/resources.ts";
import { STEPS as STORE_STEPS } from "../../durable-objects/config-store/schema.ts";
import { createAudit } from "../../durable-objects/config-store/audit.ts";
import { createTokens } from "../../durable-objects/config-store/tokens.ts";
import { keySlots } from "../../durable-objects/issuer/key-slots.ts";
import { createMasters } from "../../durable-objects/issuer/masters.ts";
import { createSeeds } from "../../durable-objects/issuer/seeds.ts";
import { STEPS as ISSUER_STEPS } from "../../durable-objects/issuer/schema.ts";
import { createRevocations } from "../../durable-objects/issuer/revocations.ts";
import { createSeal } from "../../durable-objects/issuer/seal.ts";
import { createSecretRows, sealAnew } from "../../durable-objects/issuer/secret-rows.ts";
import { createTokenKeys } from "../../durable-objects/issuer/token-keys.ts";
import { createTableKeys } from "../../durable-objects/issuer/table-keys.ts";
import { STEPS as REGISTRY_STEPS } from "../../durable-objects/registry/schema.ts";
import { createCircuits } from "../../durable-objects/registry/circuits.ts";
import { createSightings } from "../../durable-objects/registry/sightings.ts";
import { type Sql, migrate } from "../../durable-objects/sql.ts";
import { STEPS as TELEMETRY_STEPS } from "../../durable-objects/telemetry/schema.ts";
import {
  createTelemetryStore,
  type TelemetryStore,
} from "../../durable-objects/telemetry/store.ts";
import type { ConfigStoreApi, IssuerApi, RegistryApi } from "../../mesh/contract/state.ts";
import { type TestClock, memorySql, testClock } from "../durable-objects/memory-sql.ts";

export interface TestControl extends Control {
  readonly clock: TestClock;
  readonly values: Map<string, Uint8Array>;
  /** Answers what control asks of other meshes. */
  elsewhere: (url: string) => Response;
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
    isDev: true,
    compiled: {},
    elsewhere: () => new Response(null, { status: 404 }),
    fetch: async (url) => control.elsewhere(url),
    gapMs,
    leaseMs: null,
    store: createStore(clock),
    issuer: await createIssuer(clock),
    registry: createRegistry(clock),
    telemetry: createTelemetry(clock),
    circuit: createCircuit(clock, () => control.registry),
    kv: {
      async put(key, value) {
        if (control.failKv) throw new Error("KV is away");
        values.set(key, value);
      },
      async delete(key) {
        if (control.failKv) throw new Error("KV is away");
        values.delete(key);
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
  const tokens = createTokens(sql, clock);
  const audit = createAudit(sql, clock);
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
    findToken: async (digest) => tokens.find(digest),
    tokens: async () => tokens.all(),
    addToken: async (...args) => tokens.add(...args),
    removeToken: async (name) => tokens.remove(name),
    audit: async (entry) => audit.add(entry),
    auditTrail: async (...args) => audit.read(...args),
  };
}

/** Issuer as it starts, over what it has stored so far; `before` is the key-encryption key that this one follows. */
export async function createIssuer(
  clock: TestClock,
  sql: Sql = memorySql(),
  kek = TEST_KEK,
  before?: string,
): Promise<IssuerApi> {
  migrate(sql, ISSUER_STEPS);
  const seal = await createSeal(kek, clock);
  if (before !== undefined) await sealAnew(sql, await createSeal(before, clock), seal);
  const rows = createSecretRows(sql, seal, clock);
  const masters = createMasters(rows, clock);
  const seeds = createSeeds({ sql, rows, clock });
  const table = createTableKeys({ sql, rows, clock });
  const revocations = createRevocations(sql, clock);
  const tokens = createTokenKeys(sql, rows, clock);
  const prepare = async (): Promise<void> => {
    for (const keys of [masters, seeds, tokens, table]) await keys.prepare();
  };
  await prepare();
  return {
    tableKey: async (kid) => table.publicPart(kid),
    signTable: async (bytes) => table.sign(bytes),
    tableSignedBy: async () => table.signedBy(),
    masters: async () => {
      const [seed, ...others] = await seeds.good();
      return { epochs: await masters.epochs(), seed, others };
    },
    revoke: async (revocation) => revocations.add(revocation),
    revocations: async () => revocations.all(),
    signToken: async (bytes) => tokens.sign(bytes),
    tokenKeys: async () => tokens.bundle(),
    slots: async () =>
      keySlots(
        rows,
        [...tokens.slots(), ...table.slots(), ...seeds.slots()],
        new Set(),
        clock.now(),
      ),
    async rotate(purpose, isAtOnce) {
      const kid = await { seed: seeds, token: tokens, table }[purpose].rotate(isAtOnce);
      await prepare();
      return kid;
    },
  };
}

function createCircuit(clock: TestClock, registry: () => RegistryApi): TestControl["circuit"] {
  const keepers = new Map<string, Keeper>();
  return (name) => {
    const keeper = keepers.get(name) ?? keeperOn(clock);
    keepers.set(name, keeper);
    const told = async (object: string): Promise<Verdict> => {
      await registry().circuits([keeper.verdict(object)]);
      return keeper.verdict(object);
    };
    return {
      trip(object) {
        keeper.trip();
        return told(object);
      },
      reset(object) {
        keeper.reset();
        return told(object);
      },
    };
  };
}

function keeperOn(clock: TestClock): Keeper {
  const sql = memorySql();
  migrate(sql, CIRCUIT_STEPS);
  return createKeeper(sql, clock);
}

function createTelemetry(clock: TestClock): TestControl["telemetry"] {
  const stores = new Map<string, TelemetryStore>();
  return (destination) => {
    let store = stores.get(destination);
    if (store === undefined) {
      const sql = memorySql();
      migrate(sql, TELEMETRY_STEPS);
      store = createTelemetryStore(sql, clock);
      stores.set(destination, store);
    }
    const { take, read } = store;
    return { take: async (parts) => take(parts), read: async (windowMs) => read(windowMs) };
  };
}

function createRegistry(clock: TestClock): RegistryApi {
  const sql = memorySql();
  migrate(sql, REGISTRY_STEPS);
  const sightings = createSightings(sql, clock);
  const circuits = createCircuits(sql, clock);
  return {
    async merge(seen) {
      sightings.merge(seen);
      return { newest: sightings.published().version, revocations: sightings.revocations() };
    },
    async published(version, atMs, breakers = {}) {
      sightings.publish(version, atMs);
      circuits.setPolicies(version, breakers);
    },
    circuits: async (verdicts) => verdicts.forEach((verdict) => circuits.take(verdict)),
    listCircuits: async () => circuits.all(),
    newest: async () => sightings.published(),
    addRevocations: async (revocations) => sightings.addRevocations(revocations),
    isolates: async (sinceMs) => sightings.since(sinceMs),
  };
}
