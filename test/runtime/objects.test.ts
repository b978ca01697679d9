// The real object classes in workerd: what they hold survives eviction and restart.
import {
  env,
  evictDurableObject,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { expect, it } from "vitest";
import type { CircuitBreaker } from "../../durable-objects/circuit-breaker/object.ts";
import type { ConfigStore } from "../../durable-objects/config-store/object.ts";
import { Issuer } from "../../durable-objects/issuer/object.ts";
import type { Registry } from "../../durable-objects/registry/object.ts";
import type { Telemetry } from "../../durable-objects/telemetry/object.ts";
import { DEFAULT_BREAKER } from "../../mesh/contract/defaults.ts";
import type { BreakerDelta } from "../../mesh/contract/pulse.ts";
import { EPOCH_MS } from "../../mesh/contract/identity.ts";
import type {
  CircuitBreakerApi,
  ConfigStoreApi,
  IssuerApi,
  RegistryApi,
  TelemetryApi,
} from "../../mesh/contract/state.ts";
import { importTableKey, openTable } from "../../mesh/identity/table.ts";
import { writeTable } from "../../mesh/identity/table-frame.ts";

interface Objects {
  readonly CIRCUIT_BREAKER: DurableObjectNamespace<CircuitBreaker>;
  readonly CONFIG_STORE: DurableObjectNamespace<ConfigStore>;
  readonly ISSUER: DurableObjectNamespace<Issuer>;
  readonly REGISTRY: DurableObjectNamespace<Registry>;
  readonly TELEMETRY: DurableObjectNamespace<Telemetry>;
}
const objects = env as unknown as Objects;

/** A fresh object of a class, as others see it; after `evict` the next call meets a new instance. */
function fresh<T>(namespace: { getByName(name: string): unknown }): {
  readonly name: string;
  readonly api: () => T;
  readonly evict: () => Promise<void>;
} {
  const name = crypto.randomUUID();
  const stub = () => namespace.getByName(name);
  return {
    name,
    api: () => stub() as T,
    evict: () => evictDurableObject(stub() as DurableObjectStub),
  };
}

it("ConfigStore keeps resources, counters and the table", async () => {
  const store = fresh<ConfigStoreApi>(objects.CONFIG_STORE);
  const write = {
    op: "put",
    apiVersion: "heddle.dev/v1",
    kind: "Service",
    namespace: "default",
    name: "a",
    labels: { x: "1" },
    spec: { b: 1, a: [2] },
  } as const;
  const { revision } = await store.api().write([write], "test", false);
  const turn = await store.api().beginPublish(0);
  // More than one part of a megabyte.
  const bytes = new Uint8Array(2_500_000).map((_, index) => index % 251);
  await store.api().endPublish(turn!.turn, turn!.version, { bytes, isInKv: true });
  await store.api().writeStatuses([
    { kind: "Service", namespace: "default", name: "a", generation: 1, status: { ok: true } },
    { kind: "Service", namespace: "default", name: "a", generation: 2, status: { ok: false } },
  ]);
  const before = await store.api().get("Service", "default", "a");
  await store.evict();
  expect(await store.api().get("Service", "default", "a")).toEqual(before);
  expect(before).toMatchObject({ status: { ok: true }, metadata: { generation: 1 } });
  expect(await store.api().publishState()).toEqual({
    version: turn!.version,
    revision,
    published: revision,
    kvVersion: turn!.version,
  });
  const table = await store.api().table(0);
  expect(table!.bytes.length).toBe(bytes.length);
  expect(table!.bytes[2_499_999]).toBe(bytes[2_499_999]);
  expect(await store.api().table(turn!.version)).toBeNull();
  await store.evict();
  const next = await store.api().beginPublish(0);
  expect(next).toMatchObject({ version: turn!.version + 1, previous: turn!.version });
  await store.evict();
  expect(await store.api().beginPublish(0)).toBeNull();
});

it("Issuer keeps its keys, sealed", async () => {
  const issuer = fresh<IssuerApi>(objects.ISSUER);
  const key = await issuer.api().tableKey();
  const { epochs, seed } = await issuer.api().masters();
  const epoch = Math.floor(Date.now() / EPOCH_MS);
  expect(epochs.map(({ kid }) => kid)).toEqual([epoch - 1, epoch, epoch + 1].map((e) => `e${e}`));
  expect(seed.kid).toBe("s1");
  await issuer.api().revoke({ kind: "subject", value: "default/a" });
  await issuer.evict();
  expect(await issuer.api().tableKey()).toEqual(key);
  const again = await issuer.api().masters();
  const secretsOf = (masters: typeof epochs) => masters.map(({ secret }) => [...secret]);
  expect(secretsOf(again.epochs)).toEqual(secretsOf(epochs));
  expect([...again.seed.secret]).toEqual([...seed.secret]);
  expect(await issuer.api().revocations()).toMatchObject([{ kind: "subject", value: "default/a" }]);
  const stub = objects.ISSUER.getByName(issuer.name);
  await runInDurableObject(stub, (_instance, state) => {
    const rows = [...state.storage.sql.exec("SELECT kid, sealed FROM secret")];
    for (const { kid, sealed } of rows) {
      const secret = epochs.find((master) => master.kid === kid)?.secret;
      if (secret) expect(contains(new Uint8Array(sealed as ArrayBuffer), secret)).toBe(false);
    }
    expect(rows.length).toBeGreaterThanOrEqual(5);
  });
});

it("Issuer takes 20 new key-encryption keys one after the other, and loses nothing", async () => {
  const stub = objects.ISSUER.getByName(crypto.randomUUID());
  const kekOf = (round: number) => String.fromCharCode(65 + round).repeat(42) + "A";
  await runInDurableObject(stub, async (_instance, state) => {
    const startWith = (now: number, before?: number): Issuer => {
      const more = before === undefined ? {} : { HEDDLE_KEK_BEFORE: kekOf(before) };
      return new Issuer(state, { HEDDLE_KEK: kekOf(now), ...more });
    };
    const first = startWith(0);
    const key = await first.tableKey();
    const masters = await first.masters();
    const verifyKey = (await importTableKey(key))!;
    const directory = new TextEncoder().encode('{"minMesh":99}');
    for (let round = 1; round <= 20; round++) {
      // Whoever runs with the old one goes on with what it has opened.
      const old = startWith(round - 1);
      await old.masters();
      const next = startWith(round, round - 1);
      for (const issuer of [next, old, startWith(round)]) {
        const again = await issuer.masters();
        expect([again.seed, ...again.epochs].map(({ secret }) => [...secret])).toEqual(
          [masters.seed, ...masters.epochs].map(({ secret }) => [...secret]),
        );
      }
      const { signature } = await startWith(round).signTable(directory);
      const bytes = writeTable(directory, signature, []);
      expect(await openTable(bytes, verifyKey, 0)).toMatchObject({ reason: "needs_newer_mesh" });
      await expect(startWith(round - 1).masters()).rejects.toThrow();
    }
  });
});

it("Issuer prepares the epoch after next by its alarm", async () => {
  const issuer = fresh<IssuerApi>(objects.ISSUER);
  await issuer.api().masters();
  const stub = objects.ISSUER.getByName(issuer.name);
  expect(await runDurableObjectAlarm(stub)).toBe(true);
  await runInDurableObject(stub, async (_instance, state) => {
    const epoch = Math.floor(Date.now() / EPOCH_MS);
    const kids = [...state.storage.sql.exec("SELECT kid FROM secret")].map(({ kid }) => kid);
    expect(kids).toContain(`e${epoch + 2}`);
    const alarmMs = await state.storage.getAlarm();
    expect(alarmMs).toBeGreaterThan(Date.now());
    expect(alarmMs).toBeLessThanOrEqual(Date.now() + 2 * EPOCH_MS);
  });
});

it("Issuer signs what the data plane believes", async () => {
  const issuer = fresh<IssuerApi>(objects.ISSUER);
  const directory = new TextEncoder().encode('{"minMesh":99}');
  const { signature } = await issuer.api().signTable(directory);
  const key = await importTableKey(await issuer.api().tableKey());
  const bytes = writeTable(directory, signature, []);
  expect(await openTable(bytes, key!, 0)).toEqual({ ok: false, reason: "needs_newer_mesh" });
  bytes[bytes.length - 3]! ^= 1;
  expect(await openTable(bytes, key!, 0)).toEqual({ ok: false, reason: "bad_signature" });
});

it("Registry keeps what is newest, who runs what, and who is revoked", async () => {
  const registry = fresh<RegistryApi>(objects.REGISTRY);
  const seen = (workload: string) => ({
    workload,
    isolate: "i",
    version: 3,
    seenMs: Date.now(),
    nack: null,
  });
  const both = [seen("default/a"), seen("default/b")];
  await registry.api().merge(both);
  await registry.api().published(4, 1000);
  await registry.api().published(3, 2000);
  await registry.api().addRevocations([{ kind: "kid", value: "e1", atMs: 5 }]);
  await registry.evict();
  expect(await registry.api().merge([])).toMatchObject({
    newest: 4,
    revocations: [{ kind: "kid", value: "e1", atMs: 5 }],
    reporters: 2,
  });
  expect(await registry.api().isolates(0)).toEqual(both);
  expect(await registry.api().newest()).toEqual({ version: 4, atMs: 1000 });
});

it("CircuitBreaker opens, leases, closes, and is the same after an eviction", async () => {
  const circuit = fresh<CircuitBreakerApi>(objects.CIRCUIT_BREAKER);
  const { name } = circuit;
  const policy = { ...DEFAULT_BREAKER, baseOpenMs: 100 };
  const none = { generation: 0, ok: 0, failed: 0, slow: 0, held: 0, run: 0, probes: [] };
  const part = (sequence: number, change: Partial<BreakerDelta>) => ({
    workload: "default/a",
    isolate: "i",
    sequence,
    delta: { ...none, ...change },
  });
  const failed = part(1, { failed: 10 });
  expect(await circuit.api().merge(name, [failed, failed], policy)).toMatchObject({
    state: "closed",
  });
  const opened = await circuit.api().merge(name, [part(2, { failed: 10 })], policy);
  expect(opened).toMatchObject({ object: name, state: "open", generation: 1 });
  await circuit.evict();
  const leases: number[] = [];
  await expect
    .poll(async () => {
      const { lease } = await circuit.api().lease(name, [], policy);
      if (lease > 0) leases.push(lease);
      return leases.length;
    })
    .toBe(3);
  expect(await circuit.api().lease(name, [], policy)).toMatchObject({
    lease: 0,
    verdict: { state: "half_open" },
  });
  const probes = leases.map((lease) => ({ lease, isOk: true }));
  expect(await circuit.api().merge(name, [part(3, { probes })], policy)).toMatchObject({
    state: "closed",
  });
  expect(await circuit.api().trip(name)).toMatchObject({ state: "isolated" });
  await circuit.evict();
  expect(await circuit.api().lease(name, [], policy)).toMatchObject({
    lease: 0,
    verdict: { state: "isolated" },
  });
  const { generation } = await circuit.api().reset(name);
  const known = await objects.REGISTRY.getByName("mesh").listCircuits();
  expect(known.find(({ object }) => object === name)).toMatchObject({
    state: "closed",
    generation,
  });
});

function contains(hay: Uint8Array, needle: Uint8Array): boolean {
  for (let at = 0; at + needle.length <= hay.length; at++) {
    if (needle.every((byte, index) => hay[at + index] === byte)) return true;
  }
  return false;
}

it("Telemetry takes each part once, over evictions, and keeps histograms through RPC and SQLite", async () => {
  const telemetry = fresh<TelemetryApi>(objects.TELEMETRY);
  const part = (sequence: number) => ({
    workload: "default/front",
    isolate: "a",
    sequence,
    delta: {
      atMs: Date.now(),
      series: [
        {
          facet: "effective" as const,
          source: "default/front",
          endpoint: "",
          route: "",
          retries: 1,
          outcomes: new Map([["ok", 2]]),
          durations: { scale: 5, zero: 1, sum: 7, counts: new Map([[89, 1]]) },
        },
      ],
    },
  });
  for (const sequence of [1, 2, 3]) {
    await telemetry.api().take([part(sequence)]);
    await telemetry.evict();
    await telemetry.api().take([part(sequence), part(sequence - 1)]);
  }
  const { series } = await telemetry.api().read(null);
  expect(series).toHaveLength(1);
  expect(series[0]).toMatchObject({ source: "default/front", retries: 3 });
  expect(series[0]!.outcomes).toEqual(new Map([["ok", 6]]));
  expect(series[0]!.durations).toEqual({ scale: 5, zero: 3, sum: 21, counts: new Map([[89, 3]]) });
  expect((await telemetry.api().read(60_000)).series).toEqual(series);
});
