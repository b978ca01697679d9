// What ReplayGuard has seen, over time.
import { expect, it } from "vitest";
import { STEPS } from "../../durable-objects/replay-guard/schema.ts";
import { KEEP_MS, createSeen } from "../../durable-objects/replay-guard/seen.ts";
import { migrate } from "../../durable-objects/sql.ts";
import { memorySql, testClock } from "./memory-sql.ts";

it("admits a key again only once no proof of its time can be good, and keeps none for ever", () => {
  const clock = testClock();
  const sql = memorySql();
  migrate(sql, STEPS);
  const seen = createSeen(sql, clock);
  expect([seen.admit("a"), seen.admit("a"), seen.admit("b")]).toEqual([true, false, true]);
  clock.advance(KEEP_MS);
  expect(seen.admit("a")).toBe(false);
  clock.advance(1);
  expect([seen.admit("a"), seen.admit("a")]).toEqual([true, false]);
  clock.advance(2 * KEEP_MS);
  for (let count = 0; count < 64; count++) seen.admit(`c${count}`);
  expect(sql.all("SELECT key FROM seen WHERE key IN ('a', 'b')")).toEqual([]);
});
