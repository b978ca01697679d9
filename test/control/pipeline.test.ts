// The way of a change through control, with the objects' real logic.
import { beforeEach, describe, expect, it } from "vitest";
import { applyDocuments, change } from "../../control/pipeline.ts";
import { reconcile } from "../../control/publish/reconcile.ts";
import { toRegistrations } from "../../control/resources/workloads.ts";
import { importTableKey, openTable } from "../../mesh/identity/table.ts";
import type { ServiceChunk } from "../../mesh/contract/service.ts";
import { type TestControl, createTestControl } from "./test-control.ts";

const service = (name: string, spec: object = {}, metadata: object = {}) => ({
  apiVersion: "heddle.dev/v1",
  kind: "Service",
  metadata: { name, ...metadata },
  spec,
});
const route = (name: string, parent: string, backend: string, weight = 1) => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  metadata: { name },
  spec: {
    parentRefs: [{ group: "", kind: "Service", namespace: "default", name: parent }],
    rules: [{ backendRefs: [{ name: backend, port: 80, weight }] }],
  },
});

let control: TestControl;
beforeEach(async () => {
  control = await createTestControl();
});

async function apply(...documents: object[]) {
  const outcome = await applyDocuments(control, documents, false);
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.problem, null, 1));
  return outcome.value;
}
async function refusal(...documents: unknown[]) {
  const outcome = await applyDocuments(control, documents, false);
  if (outcome.ok) throw new Error("applied");
  return outcome.problem;
}

async function published() {
  const key = await importTableKey(await control.issuer.tableKey());
  const opened = await openTable(control.values.get("table")!, key!, 0);
  if (!opened.ok) throw new Error(opened.reason);
  return opened.table;
}

describe("apply", () => {
  it("publishes a table that the data plane opens", async () => {
    const { version, results } = await apply(service("a"), service("b"), route("r", "a", "b"));
    expect(results.map(({ verdict }) => verdict)).toEqual(["created", "created", "created"]);
    const table = await published();
    expect(table.directory.version).toBe(version);
    const chunk = table.chunk<ServiceChunk>("service:default/a");
    expect(chunk?.producer?.[0]?.table.rules[0]?.backends[0]?.service).toBe("default/b");
    expect(table.badChunks()).toBe(0);
  });

  it("tells what is new, changed and the same, and bumps generation for specs only", async () => {
    await apply(service("a", {}, { labels: { x: "1" } }));
    const again = await apply(service("a", {}, { labels: { x: "1" } }));
    expect(again.results[0]?.verdict).toBe("unchanged");
    const labelled = await apply(service("a", {}, { labels: { x: "2" } }));
    expect(labelled.results[0]?.verdict).toBe("configured");
    expect((await control.store.get("Service", "default", "a"))?.metadata.generation).toBe(1);
    await apply(service("a", { balance: "p2c" }));
    const after = await control.store.get("Service", "default", "a");
    expect(after?.metadata.generation).toBe(2);
    expect(after?.metadata.labels).toBeUndefined();
  });

  it("publishes nothing for a batch that changes nothing", async () => {
    const first = await apply(service("a"));
    expect((await apply(service("a"))).version).toBe(first.version);
  });

  it("changes nothing where one document is wrong", async () => {
    const problem = await refusal(service("a"), service("b", { prts: [] }));
    expect(problem).toMatchObject({ status: 422 });
    expect(problem.errors).toEqual([
      {
        path: "documents[1].spec.prts",
        kind: "list",
        message: "spec.prts is not a known field",
        mend: 'Did you mean "ports"?',
      },
    ]);
    expect(await control.store.list()).toEqual([]);
  });

  it("changes nothing in a dry run, and says what it would do", async () => {
    const outcome = await applyDocuments(control, [service("a"), route("r", "a", "gone")], true);
    expect(outcome).toMatchObject({
      ok: true,
      value: {
        version: null,
        results: [{ verdict: "created" }, { verdict: "created" }],
        warnings: [expect.stringContaining("BackendNotFound: Service default/gone does not exist")],
      },
    });
    expect(await control.store.list()).toEqual([]);
    expect(control.values.size).toBe(0);
  });

  it("refuses a stale resourceVersion, and names it", async () => {
    const { results } = await apply(service("a"));
    const stale = results[0]!.resourceVersion;
    await apply(service("a", { balance: "p2c" }));
    const problem = await refusal(service("n"), service("a", {}, { resourceVersion: stale }));
    expect(problem.status).toBe(409);
    expect(problem.errors[0]).toMatchObject({ path: "documents[1].metadata.resourceVersion" });
    expect(await control.store.get("Service", "default", "n")).toBeNull();
    const fresh = (await control.store.get("Service", "default", "a"))!.metadata.resourceVersion;
    await apply(service("a", {}, { resourceVersion: fresh }));
  });

  it.each([
    ["duplicate names", [service("a"), service("a")], "documents[1].metadata.name"],
    [
      "a route to nowhere",
      [service("shop"), route("r", "shp", "shop")],
      "documents[1].spec.parentRefs[0].name",
    ],
    [
      "the mesh's own namespace",
      [service("a", {}, { namespace: "heddle" })],
      "documents[0].metadata.namespace",
    ],
    ["an unknown kind", [{ apiVersion: "v1", kind: "Servce" }], "documents[0].kind"],
    ["no object", ["x"], "documents[0]"],
  ])("refuses %s", async (_name, documents, path) => {
    const problem = await refusal(...documents);
    expect(problem.errors[0]).toMatchObject({ path });
    expect(problem.errors[0]?.mend).not.toBe("");
  });

  it("refuses a second Mesh", async () => {
    const mesh = (name: string) => ({
      apiVersion: "heddle.dev/v1",
      kind: "Mesh",
      metadata: { name },
      spec: {},
    });
    await apply(mesh("one"));
    expect((await refusal(mesh("two"))).errors[0]?.message).toContain("another Mesh than one");
    const { status } = (await control.store.get("Mesh", "", "one"))!;
    expect(status).toMatchObject({ defaults: { balance: "p2c" } });
  });
});

describe("publishing", () => {
  it("keeps statuses current, with their generation and transition times", async () => {
    await apply(service("a"), service("b"), route("r", "a", "b"));
    control.clock.advance(5000);
    await apply(route("r", "a", "b", 7));
    const { status, metadata } = (await control.store.get("HTTPRoute", "default", "r"))!;
    const [parent] = status!["parents"] as { conditions: Record<string, unknown>[] }[];
    expect(parent!.conditions[0]).toMatchObject({
      type: "Accepted",
      status: "True",
      observedGeneration: metadata.generation,
      lastTransitionTime: "2026-01-01T00:00:00.000Z",
    });
    expect(metadata.generation).toBe(2);
  });

  it("carries many changes in few versions, at most one per gap", async () => {
    control = await createTestControl(1000);
    await apply(service("first"));
    const many = Array.from({ length: 20 }, (_, index) => apply(service(`s${index}`)));
    const versions = (await Promise.all(many)).map(({ version }) => version);
    expect(new Set(versions).size).toBeLessThanOrEqual(2);
    expect((await published()).directory.version).toBe(Math.max(...versions.map(Number)));
  });

  it("gives up a lost turn after ten seconds and never uses its version again", async () => {
    const lost = await control.store.beginPublish(0);
    expect(await control.store.beginPublish(0)).toBeNull();
    control.clock.advance(9900);
    const { version } = await apply(service("a"));
    expect(version).toBeGreaterThan(lost!.version);
    expect(await control.store.endPublish(lost!.turn, lost!.version)).toBe(false);
    expect(await control.store.publishedVersion()).toBe(version);
  });

  it("leaves the newer table in place where an older turn comes to its end late", async () => {
    const { put } = control.kv;
    let newer: number | null = null;
    control.kv.put = async (key, value) => {
      control.kv.put = put;
      control.clock.advance(10_000);
      newer = (await apply(service("b"))).version;
      await put(key, value);
    };
    expect((await apply(service("a"))).version).toBe(newer);
    expect(await control.store.publishedVersion()).toBe(newer);
    expect((await published()).directory.version).toBeLessThan(Number(newer));
    await reconcile(control);
    expect((await published()).directory.version).toBe(newer);
    expect((await control.store.publishState()).kvVersion).toBe(newer);
  });

  it("publishes without KV, says so, and brings KV up later", async () => {
    control.failKv = true;
    const { warnings, version } = await apply(service("a"));
    expect(warnings.join()).toContain("KV did not take the table");
    expect((await control.store.table(0))?.version).toBe(version);
    control.failKv = false;
    await reconcile(control);
    expect((await published()).directory.version).toBe(version);
    expect((await control.store.publishState()).kvVersion).toBe(version);
  });

  it("tells the Registry later of a revocation it missed, and takes none back", async () => {
    const b = { kind: "subject", value: "default/b", atMs: 1 } as const;
    await control.registry.addRevocations([b]);
    await control.issuer.revoke({ kind: "subject", value: "default/a" });
    const issued = await control.issuer.revoke({ kind: "kid", value: "e1" });
    await reconcile(control);
    const { revocations } = await control.registry.merge([]);
    expect(revocations).toEqual([b, ...issued]);
  });

  it("deletes, and tells what was not there", async () => {
    await apply(service("a"));
    const ref = {
      op: "delete",
      apiVersion: "heddle.dev/v1",
      kind: "Service",
      namespace: "default",
    } as const;
    const outcome = await change(
      control,
      [
        { ...ref, name: "a" },
        { ...ref, name: "b" },
      ],
      false,
    );
    expect(outcome).toMatchObject({
      value: { results: [{ verdict: "deleted" }, { verdict: "absent" }] },
    });
    expect((await published()).chunk("service:default/a")).toBeNull();
  });

  it("registers exactly the Workers given", async () => {
    const record = (workload: string) => ({
      workload,
      labels: {},
      woven: true,
      entrypoints: [],
      bound: [],
      dials: [],
      edge: false,
    });
    await change(
      control,
      await toRegistrations(control, [record("default/a"), record("x/b")], true),
      false,
    );
    expect((await published()).chunk("service:x/b")).not.toBeNull();
    await change(control, await toRegistrations(control, [record("default/a")], true), false);
    const table = await published();
    expect(table.chunk("service:x/b")).toBeNull();
    expect(table.chunk("service:default/a")).not.toBeNull();
  });

  it("refuses a table that is too large, whole", async () => {
    const big = Array.from({ length: 16 }, (_, rule) => ({
      matches: Array.from({ length: 7 }, (_unused, index) => ({
        headers: [{ name: "x", value: `${rule}-${index}`.padEnd(4000, "v") }],
      })),
    }));
    const routes = Array.from({ length: 40 }, (_, index) => ({
      ...route(`r${index}`, "a", "a"),
      spec: { parentRefs: [{ group: "", kind: "Service", name: "a" }], rules: big },
    }));
    const problem = await refusal(service("a"), ...routes);
    expect(problem.status).toBe(413);
    expect(await control.store.list()).toEqual([]);
  });
});
