// Circuits as operators list and steer them through control.
import { expect, it } from "vitest";
import { listCircuits, steer, steerSchema } from "../../control/breaker/steer.ts";
import { readBody } from "../../control/validate/body.ts";
import { createTestControl, type TestControl } from "./test-control.ts";

it("lists circuits by service, endpoint and scope, in order", async () => {
  const control = await createTestControl();
  const said = (object: string, generation: number) =>
    ({ object, state: "open", generation, probeInMs: 700 }) as const;
  await control.registry.circuits([
    said("breaker:default/b|default/b", 1),
    said("breaker:default/a|default/a|Methods.who", 3),
  ]);
  expect(await listCircuits(control)).toEqual([
    {
      service: "default/a",
      endpoint: "default/a",
      scope: "Methods.who",
      state: "open",
      generation: 3,
      probeInMs: 700,
      changedMs: control.clock.now(),
    },
    expect.objectContaining({ service: "default/b", scope: "" }),
  ]);
});

/** Control of a mesh with one service of two endpoints. */
async function meshOfA(): Promise<TestControl> {
  const control = await createTestControl();
  const service = { apiVersion: "heddle.dev/v1", kind: "Service", namespace: "default", name: "a" };
  const spec = { endpoints: [{ worker: "a-v1" }, { worker: "a-v2" }] };
  await control.store.write([{ op: "put", ...service, spec }], "test", false);
  return control;
}

it("steers nothing that is not there, and says what is", async () => {
  const control = await meshOfA();
  const both = "default/a-v1, default/a-v2";
  for (const [wrong, said] of [
    [{ service: "default/b" }, "There is no service default/b in the mesh."],
    [{ service: "default/b", endpoint: "default/b" }, "There is no service default/b in the mesh."],
    [
      { service: "default/a" },
      `No call to default/a was counted yet. Name one of its endpoints: ${both}.`,
    ],
    [
      { service: "default/a", scope: "Methods.who" },
      `No call to default/a with circuits of Methods.who was counted yet. Name one of its endpoints: ${both}.`,
    ],
    [
      { service: "default/a", endpoint: "a-v1" },
      `default/a has no endpoint a-v1. It has: ${both}.`,
    ],
  ] as const)
    for (const action of ["trip", "reset"] as const) {
      const made = await steer(control, { action, ...wrong });
      expect(made).toMatchObject({ ok: false, problem: { status: 404, detail: said } });
    }
  expect(await listCircuits(control)).toEqual([]);
});

it.each(["a", "default/a/b", "default/a|b", "default/a b"])(
  "says how the service %j should have been written",
  async (service) => {
    const body = JSON.stringify({ action: "trip", service });
    const read = await readBody(new Request("http://x/", { method: "POST", body }), steerSchema);
    expect(JSON.stringify(read)).toContain("Write `namespace/name`");
  },
);

it("trips and resets all circuits of a service, or one by its endpoint's name", async () => {
  const control = await meshOfA();
  const endpoint = "default/a-v1";
  const tripped = await steer(control, { action: "trip", service: "default/a", endpoint });
  expect(tripped).toMatchObject({
    ok: true,
    value: { circuits: [{ service: "default/a", endpoint, scope: "", state: "isolated" }] },
  });
  await steer(control, { action: "trip", service: "default/a", endpoint: "default/a-v2" });
  expect((await listCircuits(control)).map(({ state }) => state)).toEqual(["isolated", "isolated"]);
  const reset = await steer(control, { action: "reset", service: "default/a" });
  expect(reset).toMatchObject({ ok: true, value: { circuits: [{}, {}] } });
  expect((await listCircuits(control)).map(({ state }) => state)).toEqual(["closed", "closed"]);
});
