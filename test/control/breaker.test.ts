// Circuits as operators list and steer them through control.
import { expect, it } from "vitest";
import { listCircuits, steer } from "../../control/breaker/steer.ts";
import { createTestControl } from "./test-control.ts";

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

it("trips and resets all circuits of a service, or one by its endpoint's name", async () => {
  const control = await createTestControl();
  const none = await steer(control, { action: "trip", service: "default/a" });
  expect(none).toMatchObject({ ok: false, problem: { status: 404 } });
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
