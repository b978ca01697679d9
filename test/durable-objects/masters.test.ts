// Slots of masters over time.
import { expect, it } from "vitest";
import { createMasters } from "../../durable-objects/issuer/masters.ts";
import { STEPS } from "../../durable-objects/issuer/schema.ts";
import { createSeal } from "../../durable-objects/issuer/seal.ts";
import { createSecretRows } from "../../durable-objects/issuer/secret-rows.ts";
import { migrate } from "../../durable-objects/sql.ts";
import { EPOCH_MS } from "../../mesh/contract/identity.ts";
import { memorySql, testClock } from "./memory-sql.ts";

async function setUp(kek = "A".repeat(43)) {
  const clock = testClock();
  const sql = memorySql();
  migrate(sql, STEPS);
  const rows = createSecretRows(sql, await createSeal(kek, clock), clock);
  return { clock, sql, rows, masters: createMasters(rows, clock) };
}

it("an epoch's master stays the same and is dropped two hours after its end", async () => {
  const { clock, sql, masters } = await setUp();
  const [, now] = await masters.epochs();
  clock.advance(EPOCH_MS);
  const [past] = await masters.epochs();
  expect(past).toEqual(now);
  clock.advance(3 * EPOCH_MS);
  await masters.prepare();
  const kids = sql.all("SELECT kid FROM secret").map(({ kid }) => kid);
  expect(kids).not.toContain(now?.kid);
});

it("comes again before the next epoch begins", async () => {
  const { clock, masters } = await setUp();
  const beginsMs = (Math.floor(clock.now() / EPOCH_MS) + 1) * EPOCH_MS;
  const nextMs = await masters.prepare();
  expect(nextMs).toBeGreaterThan(clock.now());
  expect(nextMs).toBeLessThan(beginsMs);
  clock.advance(nextMs - clock.now());
  expect(await masters.prepare()).toBeGreaterThan(beginsMs);
});

it("a row sealed for one key does not open as another, nor under another kek", async () => {
  const { clock } = await setUp();
  const seal = await createSeal("A".repeat(43), clock);
  const sealed = await seal.seal("e1", new Uint8Array(32));
  await expect(seal.open("e2", sealed)).rejects.toThrow();
  const other = await createSeal("B".repeat(42) + "A", clock);
  await expect(other.open("e1", sealed)).rejects.toThrow();
  await expect(createSeal(undefined, clock)).rejects.toThrow("HEDDLE_KEK");
});
