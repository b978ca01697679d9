// The objects' SQL over node:sqlite in memory, so that their logic is tested without workerd.
import { DatabaseSync } from "node:sqlite";
import type { Clock } from "../../durable-objects/clock.ts";
import type { Row, Sql, SqlValue } from "../../durable-objects/sql.ts";

/** A database that ends with the test. */
export function memorySql(): Sql {
  const database = new DatabaseSync(":memory:");
  const fromNode = (value: unknown): SqlValue =>
    value instanceof Uint8Array ? new Uint8Array(value).buffer : (value as SqlValue);
  return {
    all(query, ...values) {
      if (values.length === 0 && query.includes(";")) {
        database.exec(query);
        return [];
      }
      const given = values.map((value) =>
        value instanceof ArrayBuffer ? new Uint8Array(value) : value,
      );
      return database
        .prepare(query)
        .all(...given)
        .map((row): Row =>
          Object.fromEntries(
            Object.entries(row).map(([column, value]) => [column, fromNode(value)]),
          ),
        );
    },
    transaction(work) {
      database.exec("SAVEPOINT step");
      try {
        const result = work();
        database.exec("RELEASE step");
        return result;
      } catch (error) {
        database.exec("ROLLBACK TO step");
        throw error;
      }
    },
  };
}

/** A clock that stands until it is moved; sleeping moves it, and takes a twentieth of its time. */
export interface TestClock extends Clock {
  advance(ms: number): void;
}

export function testClock(startMs = 1_767_225_600_000): TestClock {
  let nowMs = startMs;
  return {
    now: () => nowMs,
    advance: (ms) => {
      nowMs += ms;
    },
    random: (size) => crypto.getRandomValues(new Uint8Array(size)),
    uuid: () => crypto.randomUUID(),
    sleep: (ms) =>
      new Promise((resolve) => {
        const wake = (): void => {
          nowMs += ms;
          resolve();
        };
        setTimeout(wake, ms / 20);
      }),
  };
}
