// A table of more than 8 MiB: published in parts, one for each namespace, and read from KV by an isolate that has no other
// source.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createMemory } from "../../control/issue/memory.ts";
import { weaveAnswer } from "../../control/issue/weave.ts";
import { applyDocuments, change } from "../../control/pipeline.ts";
import { reconcile } from "../../control/publish/reconcile.ts";
import { toRegistrations } from "../../control/resources/workloads.ts";
import { importTableKey, openTable, type OpenTable } from "../../mesh/identity/table.ts";
import { createTestControl, type TestControl } from "../control/test-control.ts";
import { startCloth, type Cloth } from "./cloth.ts";
import { newestDate } from "./differences.ts";

const MIB = 1024 * 1024;
const FRONT = `export default {
  fetch: async (request, env) => new Response(await (await env.CART.fetch("http://cart/")).text()),
};`;
const named = (name: string): string => `export default { fetch: () => new Response("${name}") };`;

const service = (name: string, namespace = "default"): object => ({
  apiVersion: "heddle.dev/v1",
  kind: "Service",
  metadata: { name, namespace },
  spec: {},
});
const route = (name: string, namespace: string, parent: string, rules: object[]): object => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  metadata: { name, namespace },
  spec: { parentRefs: [{ group: "", kind: "Service", name: parent }], rules },
});
/** Half a MiB of conditions. */
const bulky = Array.from({ length: 16 }, (_, rule) => ({
  matches: Array.from({ length: 8 }, (_unused, index) => ({
    headers: [{ name: "x", value: `${rule}-${index}`.padEnd(4000, "v") }],
  })),
}));
/** So many of them, in a namespace that nobody of `default` calls. */
const bulk = (count: number): object[] => [
  service("heavy", "other"),
  ...Array.from({ length: count }, (_, n) => route(`r${n}`, "other", "heavy", bulky)),
];

let control: TestControl;
let cloth: Cloth;
const dir = mkdtempSync(path.join(tmpdir(), "large-"));

const apply = async (documents: readonly object[]): Promise<void> => {
  const outcome = await applyDocuments(control, documents, false);
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.problem));
};

/** What lies under a key, opened. */
async function at(key: string): Promise<OpenTable> {
  const opened = await openTable(
    control.values.get(key)!,
    (await importTableKey(await control.issuer.tableKey()))!,
    0,
  );
  if (!opened.ok) throw new Error(opened.reason);
  return opened.table;
}

beforeAll(async () => {
  control = await createTestControl();
  const record = (workload: string, dials: string[] = []) => ({
    workload,
    labels: {},
    woven: true,
    entrypoints: [],
    bound: dials.flatMap((service) => [service, `${service}-v2`]),
    dials,
    edge: false,
  });
  const records = [
    record("default/front", ["default/cart"]),
    record("default/cart"),
    record("default/cart-v2"),
    record("other/heavy"),
  ];
  await change(control, await toRegistrations(control, records, true), false);
  const rules = [{ backendRefs: [{ name: "cart-v2", port: 80 }] }];
  await apply([service("cart"), service("cart-v2"), route("cart", "default", "cart", rules)]);
}, 30_000);
afterAll(async () => {
  await cloth?.close();
  rmSync(dir, { recursive: true, force: true });
});

test("up to 8 MiB there is one value", async () => {
  await apply(bulk(15));
  expect([...control.values.keys()]).toEqual(["table"]);
  expect(control.values.get("table")!.length).toBeGreaterThan(7 * MIB);
});

test("past that one for each namespace, with what its workloads may need", async () => {
  await apply(bulk(20));
  expect([...control.values.keys()].toSorted()).toEqual([
    "table:default",
    "table:heddle",
    "table:other",
  ]);
  const [own, other, whole] = [
    await at("table:default"),
    await at("table:other"),
    await at("table:heddle"),
  ];
  expect(own.chunk("service:default/cart")).not.toBeNull();
  expect(own.chunk("service:other/heavy")).toBeNull();
  expect(control.values.get("table:default")!.length).toBeLessThan(64 * 1024);
  expect(other.chunk("service:other/heavy")).not.toBeNull();
  expect(other.chunk("service:default/cart")).toBeNull();
  for (const name of ["default/cart", "other/heavy"])
    expect(whole.chunk(`service:${name}`)).not.toBeNull();
  expect(control.values.get("table:heddle")!.length).toBeGreaterThan(8 * MIB);
  expect((await weaveAnswer(createMemory(), control, "default/front")).table).toBeNull();
  expect(new Set([own, other, whole].map(({ directory }) => directory.version)).size).toBe(1);
});

test("what KV did not take is written in parts too", async () => {
  control.failKv = true;
  await apply([service("late")]);
  control.failKv = false;
  const { version } = (await at("table:default")).directory;
  await reconcile(control);
  expect((await at("table:default")).directory.version).toBe(version + 1);
});

test("an isolate without any other source reads the part of its namespace", async () => {
  const tableKey = await control.issuer.tableKey();
  const bindings = { HEDDLE_TABLE: { type: "kv", id: "table" } } as const;
  const wiring = { tableKey, table: null };
  cloth = await startCloth({
    compatibilityDate: newestDate(),
    isWoven: true,
    dir,
    workers: [
      {
        name: "front",
        source: FRONT,
        exports: ["default"],
        dials: { CART: { to: "cart" }, SECOND: { to: "cart-v2" } },
        bindings,
        wiring,
      },
      ...["cart", "cart-v2"].map((name) => ({
        name,
        source: named(name),
        exports: ["default"],
        bindings,
        wiring,
      })),
    ],
  });
  const kv = await cloth.kv("table");
  for (const [key, value] of control.values) await kv.put(key, new Uint8Array(value).buffer);
  const ask = async (): Promise<string> =>
    (await cloth.fetch("front", "http://front.example/")).text();
  await expect.poll(ask, { timeout: 5000 }).toBe("cart-v2");
});

test("one that has shrunk is one value again", async () => {
  const gone = Array.from({ length: 10 }, (_, n) => ({
    op: "delete" as const,
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    namespace: "other",
    name: `r${n}`,
  }));
  await change(control, gone, false);
  expect((await at("table")).chunk("service:default/cart")).not.toBeNull();
});
