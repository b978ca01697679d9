// The attacks of docs/threat-model.md, each by its number, on one running mesh in which nobody may do what no policy says.
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

it("is there for each number from 1 to 35, once", () => {
  const numbers = Array.from({ length: 35 }, (_, index) => index + 1);
  expect(ROWS.map(([number]) => number)).toEqual(numbers);
});
