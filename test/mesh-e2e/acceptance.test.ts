// The attacks of docs/threat-model.md, each by its number, on one running mesh in which nobody may do what no policy says.
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPartner, startCast, Thief, trustDomain } from "./acceptance-cast.ts";
import { INSIDE } from "./acceptance-inside.ts";
import { AGAINST_POLICY } from "./acceptance-policy.ts";
import { Stage } from "./acceptance-stage.ts";
import { WITH_TOKENS } from "./acceptance-tokens.ts";

const ROWS = [...INSIDE, ...WITH_TOKENS, ...AGAINST_POLICY];

let stage: Stage;
beforeAll(async () => {
  const [mesh, partner] = await Promise.all([startCast("acceptance"), createPartner()]);
  stage = new Stage(mesh, new Thief(mesh), partner);
  await stage.apply(trustDomain("partner", { keys: [partner.key] }));
}, 60_000);
afterAll(async () => await stage?.mesh.close());

describe("an attack", { timeout: 60_000 }, () => {
  it.each(ROWS)("%i: %s", async (_number, _attack, attempt) => attempt(stage));
});

describe("a workload of another mesh", { timeout: 60_000 }, () => {
  const idOf = (name: string): string => `spiffe://partner.example/ns/pay/sa/${name}`;
  const verdictOf = (name: string): Promise<string> => stage.fromPartner({ sub: idOf(name) });
  const revoke = async (name: string): Promise<void> => {
    expect(await verdictOf(name)).toBe("200");
    const value = idOf(name);
    const { revocations } = await stage.mesh.control<{ revocations: readonly object[] }>(
      "POST /v1/revoke",
      { kind: "subject", value },
    );
    expect(revocations).toContainEqual(expect.objectContaining({ kind: "subject", value }));
  };
  /** Out within so long, and from then on; another of its mesh is not. */
  const expectOut = async (name: string, withinMs: number): Promise<void> => {
    const endMs = performance.now() + withinMs;
    while ((await verdictOf(name)) === "200" && performance.now() < endMs) await sleep(50);
    await stage.expectVerdicts("vault", [() => verdictOf(name)], "401 revoked");
    expect(await verdictOf("clerk")).toBe("200");
  };

  it("is revoked by its id, within the lease and 2 s, and no other with it", async () => {
    await revoke("till");
    await expectOut("till", 4000);
    // Cold, isolates know it from the first.
    await stage.mesh.fault("isolate:*", "restart");
    await expectOut("till", 0);
  });

  it("is out though control stops right after", async () => {
    await revoke("agent");
    await stage.mesh.fault("control", "down");
    await expectOut("agent", 5000);
    await stage.mesh.fault("control", "ok");
  });

  it("is out by the table alone", async () => {
    await stage.mesh.fault("pulse", "down");
    await revoke("guest");
    await stage.mesh.fault("control", "down");
    await expectOut("guest", 5000);
    for (const target of ["control", "pulse"]) await stage.mesh.fault(target, "ok");
  });
});

it("is there for each number from 1 to 35, once", () => {
  const numbers = Array.from({ length: 35 }, (_, index) => index + 1);
  expect(ROWS.map(([number]) => number)).toEqual(numbers);
});
