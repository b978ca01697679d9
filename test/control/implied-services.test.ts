// What `heddle get services` shows of Workers that nobody wrote a Service for.
import { expect, it } from "vitest";
import { applyDocuments, change } from "../../control/pipeline.ts";
import { getResource, listResources } from "../../control/resources/resources.ts";
import { toRegistrations } from "../../control/resources/workloads.ts";
import { createTestControl } from "./test-control.ts";

const REST = { labels: {}, woven: true, entrypoints: [], bound: [], dials: [], edge: false };

async function meshOf(workloads: readonly string[], services: readonly string[]) {
  const control = await createTestControl();
  const records = workloads.map((workload) => ({ workload, ...REST }));
  await change(control, await toRegistrations(control, records, true), false);
  await applyDocuments(control, services.map(service), false);
  return control;
}

const service = (name: string) => ({
  apiVersion: "heddle.dev/v1",
  kind: "Service",
  metadata: { name },
  spec: { balance: "p2c" },
});

it("lists the Services that Workers are, unless a Service says otherwise, and none of the mesh's own", async () => {
  const workers = ["default/a", "default/b", "x/c", "heddle/gateway"];
  const control = await meshOf(workers, ["b", "aa"]);
  const namesIn = async (namespace?: string): Promise<string[]> => {
    const listed = await listResources(control, "svc", namespace);
    const items = listed.ok ? (listed.value.items as { metadata: { name: string } }[]) : [];
    return items.map(({ metadata }) => metadata.name);
  };
  expect(await namesIn()).toEqual(["a", "aa", "b", "c"]);
  expect(await namesIn("default")).toEqual(["a", "aa", "b"]);
  expect(await namesIn("heddle")).toEqual([]);
});

it("answers one by its name, and takes what it answered back as a resource", async () => {
  const control = await meshOf(["default/a", "default/b"], ["b"]);
  const get = (name: string) => getResource(control, { kind: "service", namespace: "_", name });
  expect(await get("b")).toMatchObject({ ok: true, value: { spec: { balance: "p2c" } } });
  expect(await get("gone")).toMatchObject({ ok: false, problem: { status: 404 } });
  const implied = await get("a");
  if (!implied.ok) throw new Error(implied.problem.title);
  expect(implied.value).toMatchObject({ spec: { endpoints: [{ worker: "a" }] } });
  expect(await applyDocuments(control, [implied.value], false)).toMatchObject({ ok: true });
  expect(await control.store.get("Service", "default", "a")).not.toBeNull();
});
