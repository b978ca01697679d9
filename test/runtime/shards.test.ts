// A circuit that many call becomes a tree: Pulse tells and asks a shard of it from then on, and the circuit is one still.
import { env, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { exports } from "cloudflare:workers";
import { afterEach, beforeAll, expect, it, vi } from "vitest";
import { CircuitBreaker } from "../../durable-objects/circuit-breaker/object.ts";
import { DEFAULT_BREAKER } from "../../mesh/contract/defaults.ts";
import type { BreakerDelta, PulseApi, PulseReply } from "../../mesh/contract/pulse.ts";
import type { RegistryApi } from "../../mesh/contract/state.ts";
import { SILENT } from "../mesh/algorithms/circuits.ts";

const { CIRCUIT_BREAKER: circuits, REGISTRY: registries } = env as unknown as {
  readonly CIRCUIT_BREAKER: DurableObjectNamespace<CircuitBreaker>;
  readonly REGISTRY: { getByName(name: string): RegistryApi };
};
/** The entrypoint, by props as weaving puts them on a binding. */
const { Pulse } = exports as unknown as {
  readonly Pulse: (options: { readonly props: object }) => PulseApi;
};
/** What is counted here counts for as long as the test takes, on a machine that may have other work. */
const policy = { ...DEFAULT_BREAKER, windowMs: 120_000 };

/** An isolate of a workload that tells of one circuit. */
function tellerOf(workload: string, object: string) {
  const pulse = Pulse({ props: { heddle: { workload } } });
  const isolate = crypto.randomUUID();
  let sequence = 0;
  const tell = async (told: number, change: Partial<BreakerDelta>): Promise<PulseReply> =>
    await pulse.report({
      format: 1,
      isolate,
      sequence: ++sequence,
      version: 0,
      nack: null,
      parts: [{ object, sequence: told, delta: { ...SILENT, ...change } }],
    });
  const lease = async () => await pulse.lease({ format: 1, isolate, object });
  /** Tells the same until it is acknowledged. */
  const insist = async (told: number, change: Partial<BreakerDelta>): Promise<void> => {
    const isTaken = async () => (await tell(told, change)).parts?.length === 1;
    await expect.poll(isTaken, { timeout: 10_000 }).toBe(true);
  };
  return { lease, insist };
}

/** What objects were told and took, by their names; `isUnanswered`: the circuit's answer is lost once it took what it was told. */
function watch(object: string) {
  const told: { readonly name: string; readonly failed: number }[] = [];
  const bySequence = new Map<string, Map<number, number>>();
  const trouble = { isUnanswered: false };
  const real = CircuitBreaker.prototype.merge;
  vi.spyOn(CircuitBreaker.prototype, "merge").mockImplementation(async function merge(
    this: CircuitBreaker,
    ...args
  ) {
    const [name, parts, , calls] = args;
    const answer = await real.apply(this, args);
    // A tree that is called as if it were none takes nothing.
    const isRefused = name === object && calls === undefined && answer.shards !== undefined;
    const failed = isRefused ? 0 : parts.reduce((sum, { delta }) => sum + delta.failed, 0);
    // Of the circuits of other tests something may be under way.
    if (name.endsWith(object)) told.push({ name, failed });
    const each = bySequence.get(name) ?? new Map<number, number>();
    for (const { sequence, delta } of parts) each.set(sequence, delta.failed);
    bySequence.set(name, each);
    if (trouble.isUnanswered && name === object) throw new Error("overloaded");
    return answer;
  });
  const failedOf = (name: string): readonly number[] =>
    told.filter((each) => each.name === name && each.failed > 0).map(({ failed }) => failed);
  /** By part: one that is told again while it is under way comes twice, and is taken once. */
  const partsOf = (name: string): readonly number[] =>
    [...(bySequence.get(name)?.values() ?? [])].filter((failed) => failed > 0);
  return { told, trouble, failedOf, partsOf };
}

beforeAll(async () => {
  await registries.getByName("mesh").published(1, Date.now(), { "": policy });
  const pulse = Pulse({ props: { heddle: { workload: "default/a" } } });
  const isolate = crypto.randomUUID();
  let sequence = 0;
  await vi.waitFor(
    async () => {
      const report = { format: 1, isolate, sequence: ++sequence, version: 0, nack: null };
      expect(await pulse.report(report)).toMatchObject({ newest: 1 });
    },
    { timeout: 10_000 },
  );
});

afterEach(() => {
  vi.restoreAllMocks();
});

it("a circuit that is called more than 250 times in a second is told through a shard, once each", async () => {
  const object = `breaker:${crypto.randomUUID()}|e`;
  const root = () => circuits.getByName(object);
  const crowd = async (size: number) =>
    await Promise.all(Array.from({ length: size }, () => root().merge(object, [], policy)));
  expect((await crowd(1))[0]).not.toHaveProperty("shards");
  // As many within a second as it takes, on a machine that may have other work.
  const last = async () => (await crowd(300)).at(-1);
  await expect
    .poll(last, { timeout: 20_000 })
    .toMatchObject({ object, state: "closed", shards: 32 });

  const { told, trouble, failedOf, partsOf } = watch(object);
  const teller = tellerOf("default/a", object);
  await teller.insist(1, { failed: 1 });
  await expect.poll(() => failedOf(object), { timeout: 10_000 }).toEqual([1]);
  await teller.insist(2, { failed: 1 });
  const shard = told.find(({ name }) => name !== object)!.name;
  expect(shard).toMatch(/^shard \d+ breaker:/);
  await expect.poll(() => failedOf(object), { timeout: 10_000 }).toEqual([1, 1]);

  // Its answers get lost, and it is told the same again and again.
  trouble.isUnanswered = true;
  await teller.insist(3, { failed: 8 });
  await expect.poll(() => failedOf(object).slice(2, 4), { timeout: 10_000 }).toEqual([8, 8]);
  trouble.isUnanswered = false;
  await teller.insist(4, { failed: 9 });
  await expect.poll(() => failedOf(object).at(-1), { timeout: 10_000 }).toBe(9);
  expect(partsOf(shard)).toEqual([1, 1, 8, 9]);
  expect(await root().merge(object, [], policy)).toMatchObject({ state: "closed" });
  await teller.insist(5, { failed: 1 });
  const stateOf = async () => (await root().merge(object, [], policy)).state;
  await expect.poll(stateOf, { timeout: 10_000 }).toBe("open");

  // Its state outlives its counts, and so does what Pulse and the shard know of it.
  await evictDurableObject(root());
  const leases: number[] = [];
  const ask = async () => {
    const replies = await Promise.all([1, 2, 3, 4].map(async () => await teller.lease()));
    leases.push(...replies.map(({ lease }) => lease).filter((lease) => lease > 0));
    return leases.length;
  };
  const asked = vi.spyOn(CircuitBreaker.prototype, "lease");
  await expect.poll(ask, { timeout: 15_000 }).toBe(3);
  expect(new Set(asked.mock.calls.map(([name]) => name))).toEqual(new Set([shard, object]));
  expect(new Set(leases).size).toBe(3);
  await ask();
  expect(leases).toHaveLength(3);
  expect(await root().lease(object, [], policy)).toMatchObject({
    lease: 0,
    verdict: { state: "half_open" },
  });

  // What came of them goes the same way.
  await teller.insist(6, { probes: leases.map((lease) => ({ lease, isOk: true })) });
  await expect.poll(stateOf, { timeout: 10_000 }).toBe("closed");
}, 60_000);

it("a question for a lease tells, is counted and says so like any other call", async () => {
  const object = `breaker:${crypto.randomUUID()}|e`;
  const delta = { ...SILENT, failed: 20 };
  const parts = [{ workload: "default/a", isolate: "i", sequence: 1, delta }];
  const lasting = { ...policy, baseOpenMs: 60_000 };
  const ask = async () => await circuits.getByName(object).lease(object, parts, lasting);
  // As many within a second as it takes, on a machine that may have other work.
  const last = async () => (await Promise.all(Array.from({ length: 300 }, ask))).at(-1);
  await expect.poll(last, { timeout: 20_000 }).toMatchObject({
    lease: 0,
    verdict: { object, state: "open", generation: 1 },
    shards: 32,
  });
  const { told } = watch(object);
  const teller = tellerOf("default/a", object);
  expect(await teller.lease()).toMatchObject({ lease: 0, verdict: { state: "open" } });
  await teller.insist(1, { ok: 1 });
  // A shard that knows nothing asks the circuit before it answers.
  const names = told.map(({ name }) => name).slice(0, 2);
  expect(names).toEqual([object, expect.stringMatching(/^shard \d+ /)]);
});

it("a shard keeps nothing", async () => {
  const object = `breaker:${crypto.randomUUID()}|e`;
  const name = `shard 3 ${object}`;
  const verdict = await circuits.getByName(name).merge(name, [], policy);
  // A circuit that knows nothing is a tree where a shard calls it.
  expect(verdict).toEqual({ object, state: "closed", generation: 0, probeInMs: 0, shards: 32 });
  await runInDurableObject(circuits.getByName(name), (_instance, { storage }) => {
    expect([...storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'circuit'")]).toEqual(
      [],
    );
  });
});
