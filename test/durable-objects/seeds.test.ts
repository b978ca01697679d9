// Slots of the masters of deploy seeds over time.
import { expect, it } from "vitest";
import { STEPS } from "../../durable-objects/issuer/schema.ts";
import { createSeal } from "../../durable-objects/issuer/seal.ts";
import { createSecretRows } from "../../durable-objects/issuer/secret-rows.ts";
import { createSeeds } from "../../durable-objects/issuer/seeds.ts";
import { migrate } from "../../durable-objects/sql.ts";
import { memorySql, testClock } from "./memory-sql.ts";

const DAY_MS = 86_400_000;

async function setUp() {
  const clock = testClock();
  const sql = memorySql();
  migrate(sql, STEPS);
  const rows = createSecretRows(sql, await createSeal("A".repeat(43), clock), clock);
  const store = { clock, sql, rows };
  const seeds = createSeeds(store);
  return { ...store, seeds, kids: async () => (await seeds.good()).map(({ kid }) => kid) };
}

it("a slot is followed by the next 30 days before it ends", async () => {
  const { clock, seeds } = await setUp();
  const [first] = await seeds.good();
  clock.advance(59 * DAY_MS);
  expect((await seeds.good())[0]).toEqual(first);
  clock.advance(2 * DAY_MS);
  expect((await seeds.good())[0].kid).toBe("s2");
});

it("two are prepared, and five that were active are still told", async () => {
  const { seeds, kids } = await setUp();
  expect(await kids()).toEqual(["s1", "s2", "s3"]);
  for (let turn = 2; turn <= 9; turn++) expect(await seeds.rotate()).toBe(`s${turn}`);
  expect(await kids()).toEqual(["s9", "s4", "s5", "s6", "s7", "s8", "s10", "s11"]);
  const states = seeds.slots().map(({ kid, state }) => `${kid} ${state}`);
  expect(states.slice(-4)).toEqual(["s8 retired", "s9 active", "s10 prepared", "s11 prepared"]);
});

it("a revoked one is followed by the next at once, and told no more", async () => {
  const { clock, sql, seeds, kids } = await setUp();
  const [first] = await seeds.good();
  sql.all("INSERT INTO revocation VALUES ('kid', ?, ?)", first.kid, clock.now());
  const [second] = await seeds.good();
  expect(second.kid).toBe("s2");
  expect(second.secret).not.toEqual(first.secret);
  expect((await seeds.good())[0]).toEqual(second);
  expect(await kids()).toEqual(["s2", "s3", "s4"]);
});

it("makes one master for callers that come at once", async () => {
  const { seeds } = await setUp();
  const [a, b] = await Promise.all([seeds.good(), seeds.good()]);
  expect(a).toEqual(b);
});

it("by its alarm alone it goes on for years, one active at a time, and drops what is long past", async () => {
  const { clock, seeds, sql } = await setUp();
  const used = new Set<string>();
  const endMs = clock.now() + 3 * 365 * DAY_MS;
  while (clock.now() < endMs) {
    clock.advance((await seeds.prepare()) - clock.now());
    used.add((await seeds.good())[0].kid);
    const active = seeds.slots().filter(({ state }) => state === "active");
    expect(active).toHaveLength(1);
  }
  expect(used.size).toBeGreaterThan(16);
  expect(sql.all("SELECT kid FROM secret").length).toBeLessThan(12);
});

it("adopts what was made when seeds had no slots: the newest is the active one", async () => {
  const { clock, rows, sql } = await setUp();
  for (const kid of ["s1", "s2"]) {
    const secret = clock.random(32);
    await rows.keep({ kid, purpose: "seed", notAfterMs: clock.now() + 90 * DAY_MS, secret });
    clock.advance(1000);
  }
  const seeds = createSeeds({ clock, rows, sql });
  expect((await seeds.good()).map(({ kid }) => kid)).toEqual(["s2", "s1", "s3", "s4"]);
});
