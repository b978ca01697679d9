// What the Registry writes and what it only remembers.
import { expect, it } from "vitest";
import { STEPS } from "../../durable-objects/registry/schema.ts";
import { createSightings } from "../../durable-objects/registry/sightings.ts";
import { migrate } from "../../durable-objects/sql.ts";
import { memorySql, testClock } from "./memory-sql.ts";

it("stores a sighting that says something new, and one in ten seconds of the others", () => {
  const clock = testClock();
  const sql = memorySql();
  migrate(sql, STEPS);
  const sightings = createSightings(sql, clock);
  const see = (version: number) =>
    sightings.merge([
      { workload: "default/a", isolate: "i", version, seenMs: clock.now(), nack: null },
    ]);
  const storedMs = () => sql.all("SELECT seen_ms FROM isolate")[0]?.["seen_ms"];
  see(1);
  const firstMs = clock.now();
  clock.advance(1000);
  see(1);
  expect(storedMs()).toBe(firstMs);
  expect(sightings.since(0)[0]?.seenMs).toBe(clock.now());
  see(2);
  expect(storedMs()).toBe(clock.now());
  clock.advance(10_000);
  see(2);
  expect(storedMs()).toBe(clock.now());
});

it("forgets an isolate after ten minutes", () => {
  const clock = testClock();
  const sql = memorySql();
  migrate(sql, STEPS);
  const sightings = createSightings(sql, clock);
  sightings.merge([
    { workload: "default/a", isolate: "i", version: 1, seenMs: clock.now(), nack: null },
  ]);
  clock.advance(600_001);
  sightings.merge([]);
  expect(sightings.since(0)).toEqual([]);
  expect(sql.all("SELECT * FROM isolate")).toEqual([]);
});
