// What a workload is told by `join`: keys that the data plane accepts, and no more of the table than it may need.
import { beforeEach, expect, it } from "vitest";
import { join } from "../../../control/issue/join.ts";
import { type Memory, createMemory } from "../../../control/issue/memory.ts";
import { revoke } from "../../../control/issue/revoke.ts";
import { weaveAnswer } from "../../../control/issue/weave.ts";
import { applyDocuments, change } from "../../../control/pipeline.ts";
import { resign } from "../../../control/publish/resign.ts";
import { toRegistrations } from "../../../control/resources/workloads.ts";
import type { JoinReply } from "../../../mesh/contract/join.ts";
import { fromWireKey, pairSeed } from "../../../mesh/identity/derive.ts";
import { importTableKey, openTable } from "../../../mesh/identity/table.ts";
import { type TestControl, createTestControl } from "../test-control.ts";

let control: TestControl;
let memory: Memory;
beforeEach(async () => {
  control = await createTestControl();
  memory = createMemory();
  const record = (workload: string, bound: string[] = [], dials: string[] = []) => ({
    workload,
    labels: {},
    woven: true,
    entrypoints: [],
    bound,
    dials,
    edge: false,
  });
  const writes = await toRegistrations(
    control,
    [
      record("default/front", ["default/cart"], ["default/split"]),
      record("default/cart"),
      record("default/v1"),
      record("default/v2"),
      record("default/secret"),
      record("heddle/gateway"),
    ],
    true,
  );
  await change(control, writes, false);
  const documents = [
    {
      apiVersion: "heddle.dev/v1",
      kind: "Mesh",
      metadata: { name: "m" },
      spec: { trustDomain: "m.example" },
    },
    {
      apiVersion: "heddle.dev/v1",
      kind: "Service",
      metadata: { name: "split" },
      spec: { endpoints: [] },
    },
    {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      metadata: { name: "split" },
      spec: {
        parentRefs: [{ group: "", kind: "Service", name: "split" }],
        rules: [
          {
            backendRefs: [
              { name: "v1", port: 80 },
              { name: "v2", port: 80, weight: 0 },
            ],
          },
        ],
      },
    },
  ];
  const outcome = await applyDocuments(control, documents, false);
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.problem));
});

const joinAs = (workload: string, have = 0, tag?: string): Promise<JoinReply> =>
  join(memory, control, workload, { format: 1, isolate: "i", have }, tag);

async function open(bytes: Uint8Array) {
  const opened = await openTable(
    bytes,
    (await importTableKey(await control.issuer.tableKey()))!,
    0,
  );
  if (!opened.ok) throw new Error(opened.reason);
  return opened.table;
}

it("gives a slice with its own services, those it may call, and what routes lead to", async () => {
  const reply = await joinAs("default/front");
  const table = await open(reply.table!);
  const has = (name: string) => table.chunk(`service:default/${name}`) !== null;
  expect(["front", "cart", "split", "v1", "v2"].filter(has)).toHaveLength(5);
  expect(has("secret")).toBe(false);
  expect(table.chunk("gateways")).toBeNull();
  expect(table.badChunks()).toBe(0);
  expect(table.directory.version).toBe(reply.version);
});

it("gives the gateway everything", async () => {
  const reply = await joinAs("heddle/gateway");
  const table = await open(reply.table!);
  expect(table.chunk("gateways")).not.toBeNull();
  expect(table.chunk("service:default/secret")).not.toBeNull();
  expect(Object.keys(reply.keys.pairs)).toContain("default/secret");
});

it("gives pair seeds that the callee derives the same", async () => {
  const caller = await joinAs("default/front");
  const callee = await joinAs("default/cart");
  expect(Object.keys(caller.keys.pairs)).toEqual([
    "default/cart",
    "default/front",
    "default/v1",
    "default/v2",
    "heddle/relay",
  ]);
  expect(caller.keys.audience.map(({ kid }) => kid[0])).toEqual(["e", "e", "e"]);
  for (const { kid, secret } of caller.keys.pairs["default/cart"]!) {
    const audience = fromWireKey(callee.keys.audience.find((key) => key.kid === kid)!)!;
    const derived = pairSeed(audience, "m.example", "default/front", "default/cart");
    expect(fromWireKey({ kid, secret })!.reveal()).toEqual(derived.reveal());
  }
});

it("carries no table where the asker has the newest", async () => {
  const { version } = await joinAs("default/front");
  expect((await joinAs("default/front", version)).table).toBeNull();
});

it("notices a newer table at once when the asker has heard of one", async () => {
  const { version } = await joinAs("default/front");
  await applyDocuments(
    control,
    [{ apiVersion: "heddle.dev/v1", kind: "Service", metadata: { name: "new" }, spec: {} }],
    false,
  );
  control.clock.advance(60);
  const reply = await joinAs("default/front", version);
  expect(reply.version).toBe(version + 1);
  expect(reply.table).not.toBeNull();
});

it("answers from memory while the objects are away or hang, and knows the new ones after", async () => {
  const before = await joinAs("default/front");
  const { store, registry } = control;
  const away = () => Promise.reject(new Error("away"));
  const hung = () => new Promise<never>(() => {});
  Object.assign(control, {
    store: { ...store, table: away },
    registry: { ...registry, merge: hung },
  });
  control.clock.advance(10_000);
  const reply = await joinAs("default/front");
  expect(reply.version).toBe(before.version);
  expect(reply.keys).toEqual(before.keys);
});

it("fails where nothing is known and nobody answers", async () => {
  Object.assign(control, {
    issuer: { ...control.issuer, masters: () => Promise.reject(new Error("away")) },
  });
  await expect(joinAs("default/front")).rejects.toThrow("control knows no keys yet");
});

it("gives a revoked workload no keys, and tells the others", async () => {
  await joinAs("default/front");
  await revoke(control, { kind: "subject", value: "default/front" });
  control.clock.advance(1001);
  expect((await joinAs("default/front")).keys).toEqual({ audience: [], pairs: {} });
  const other = await joinAs("default/cart");
  expect(other.revocations).toMatchObject([{ kind: "subject", value: "default/front" }]);
  expect(other.keys.audience).toHaveLength(3);
});

it("gives a revoked version no keys, and the others theirs", async () => {
  await revoke(control, { kind: "version", value: "default/front@v1" });
  const { keys, revocations } = await joinAs("default/front", 0, "v1");
  expect(keys).toEqual({ audience: [], pairs: {} });
  expect(revocations).toMatchObject([{ kind: "version", value: "default/front@v1" }]);
  for (const [workload, tag] of [
    ["default/front", "v2"],
    ["default/front", undefined],
    ["default/cart", "v1"],
  ] as const)
    expect((await joinAs(workload, 0, tag)).keys.audience).toHaveLength(3);
});

it("gives no key of a revoked key id", async () => {
  const { keys } = await joinAs("default/front");
  const [{ kid } = { kid: "" }] = keys.audience;
  await revoke(control, { kind: "kid", value: kid });
  control.clock.advance(1001);
  expect((await joinAs("default/front")).keys.audience.map((key) => key.kid)).not.toContain(kid);
});

it("tells the Registry of an isolate it gave a table to", async () => {
  const { version } = await joinAs("default/front");
  control.clock.advance(1001);
  await joinAs("default/front");
  expect(await control.registry.isolates(0)).toMatchObject([
    { workload: "default/front", isolate: "i", version },
  ]);
});

it("gives weaving the table, its key, and a seed both sides derive the same", async () => {
  const front = await weaveAnswer(memory, control, "default/front");
  const cart = await weaveAnswer(memory, control, "default/cart");
  expect(front).toMatchObject({ mesh: "m", trustDomain: "m.example", seed: { kid: "s1" } });
  const table = await open(Uint8Array.from(atob(front.table!), (char) => char.charCodeAt(0)));
  expect(table.chunk("service:default/cart")).not.toBeNull();
  const audience = fromWireKey(cart.seed.audience[0]!)!;
  const derived = pairSeed(audience, "m.example", "default/front", "default/cart");
  const seed = fromWireKey(front.seed.pairs["default/cart"]![0]!)!;
  expect(seed.reveal()).toEqual(derived.reveal());
});

it("weaves with a new seed slot once the first was revoked", async () => {
  const first = await weaveAnswer(memory, control, "default/front");
  await revoke(control, { kind: "kid", value: first.seed.kid });
  const second = await weaveAnswer(memory, control, "default/front");
  expect(second.seed.kid).not.toBe(first.seed.kid);
  expect(second.seed.audience.map(({ kid }) => kid)).not.toContain(first.seed.kid);
});

it("weaves with the seed slot that took over at once, which those woven before know", async () => {
  const woven = [await weaveAnswer(memory, control, "default/cart")];
  const callers = [await weaveAnswer(memory, control, "default/front")];
  for (const kid of ["s2", "s3"]) {
    expect(await control.issuer.rotate("seed", false)).toBe(kid);
    callers.push(await weaveAnswer(memory, control, "default/front"));
    woven.push(await weaveAnswer(memory, control, "default/cart"));
  }
  expect(callers.map(({ seed }) => seed.kid)).toEqual(["s1", "s2", "s3"]);
  for (const { seed } of callers) {
    const own = seed.pairs["default/cart"] ?? [];
    expect(own.map(({ kid }) => kid)).toEqual([seed.kid]);
    for (const { seed: callee } of woven) {
      const held = callee.audience.find(({ kid }) => kid === seed.kid);
      const derived = pairSeed(fromWireKey(held!)!, "m.example", "default/front", "default/cart");
      expect(fromWireKey(own[0]!)!.reveal()).toEqual(derived.reveal());
    }
  }
});

it("keys that were given out are in the audit trail, once per workload and minute", async () => {
  const request = { format: 1, isolate: "i", have: 0 };
  for (const workload of ["default/front", "default/front", "default/cart"])
    await join(memory, control, workload, request);
  control.clock.advance(60_000);
  await join(memory, control, "default/front", request);
  const trail = await control.store.auditTrail(10, 0);
  expect(trail.map(({ by, action }) => [by, action])).toEqual([
    ["default/front", "keys"],
    ["default/cart", "keys"],
    ["default/front", "keys"],
  ]);
});

it("a table names who is revoked, and is published anew as soon as it does not", async () => {
  await resign(memory, control);
  const before = await control.store.publishedVersion();
  for (const value of ["default/cart", "default/front@v1"])
    await revoke(control, { kind: value.includes("@") ? "version" : "subject", value });
  expect(await resign(memory, control)).toMatchObject({ ok: true, value: { version: before + 1 } });
  await memory.refresh(control);
  expect(await resign(memory, control)).toMatchObject({ ok: true, value: null });
  const reply = await joinAs("default/v1");
  const { directory } = await open(reply.table!);
  expect(directory.revoked).toEqual(["default/cart", "default/front@v1"]);
});

it("tables are signed anew as soon as another key signs, with nothing else changed", async () => {
  await resign(memory, control);
  const before = await control.store.publishedVersion();
  expect(await control.issuer.rotate("table", true)).toBe("t2");
  await memory.refresh(control);
  expect(await resign(memory, control)).toMatchObject({ ok: true, value: { version: before + 1 } });
  await memory.refresh(control);
  expect(await resign(memory, control)).toMatchObject({ ok: true, value: null });
  const woven = await weaveAnswer(memory, control, "default/front");
  expect(woven.publicKey).toMatchObject({ kid: "t2" });
  const key = await importTableKey(woven.publicKey);
  const table = new Uint8Array(Buffer.from(woven.table ?? "", "base64"));
  expect(await openTable(table, key!, 0)).toMatchObject({ ok: true });
});
