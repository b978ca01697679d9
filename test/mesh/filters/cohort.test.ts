// Where a cohort comes from at the edge: what the mesh names, the first that is there, else drawn.
import { describe, expect, it } from "vitest";
import { cohort } from "../../../mesh/filters/cohort/cohort.ts";
import type { CohortSource } from "../../../mesh/contract/table.ts";
import type { OutboundCall } from "../../../mesh/pipeline/call.ts";
import { answer } from "../../../mesh/pipeline/outcome.ts";
import { call, fake, get, scope } from "./fake.ts";

const from: readonly CohortSource[] = [
  { on: "claim", name: "sub" },
  { on: "header", name: "x-user" },
  { on: "cookie", name: "uid" },
];

async function decide(more: Partial<OutboundCall>, options = {}): Promise<OutboundCall> {
  const { isolate } = fake({
    services: [],
    answering: {},
    defaults: { cohort: { from } },
    ...options,
  });
  const made = call(isolate, "x", { side: "edge", ...more });
  await cohort.wrap(() => answer(null, 0))(made);
  return made;
}

const http = (headers: Record<string, string>) => ({ http: get("/", { headers }) });

describe("the cohort at the edge", () => {
  it("follows from the user, the same everywhere, and does not tell who it is", async () => {
    const made = await decide(http({ "x-user": "ada@example.com" }));
    expect(made.cohort).toMatch(/^[0-9a-z]+-[0-9a-z]+$/);
    expect(made.cohort.length).toBeLessThanOrEqual(64);
    const again = await decide(http({ cookie: "a=1; uid=ada@example.com" }));
    expect([again.cohort, again.isDerived]).toEqual([made.cohort, true]);
    expect((await decide(http({ "x-user": "bob" }))).cohort).not.toBe(made.cohort);
  });

  it("takes the first source that is there, over a cookie of before", async () => {
    const both = http({ "x-user": "ada", cookie: "uid=bob" });
    const ada = await decide(http({ "x-user": "ada" }));
    expect((await decide({ ...both, scope: scope({ cohort: "drawn-before" }) })).cohort).toBe(
      ada.cohort,
    );
  });

  it("believes a claim only of a verified token", async () => {
    const token = http({ authorization: "Bearer e30.eyJzdWIiOiJhZGEifQ.", sub: "ada" });
    expect((await decide(token)).isDerived).toBeUndefined();
    const made = await decide({ claims: { sub: "ada" } });
    expect(made.cohort).toBe((await decide(http({ "x-user": "ada" }))).cohort);
    expect((await decide({ claims: { sub: { a: 1 } } })).isDerived).toBeUndefined();
  });

  it("keeps what came where no source is there", async () => {
    const kept = await decide({ scope: scope({ cohort: "drawn-before" }) });
    expect([kept.cohort, kept.isDerived]).toEqual(["drawn-before", undefined]);
  });

  it("is decided at the edge only, and not where it is switched off", async () => {
    const inside = await decide({ ...http({ "x-user": "ada" }), side: "outbound" });
    expect(inside.cohort).toBe("");
    const off = await decide(http({ "x-user": "ada" }), { bypassed: ["cohort"] });
    expect(off.cohort).toBe("");
  });
});
