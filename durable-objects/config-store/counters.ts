// Owns ConfigStore's numbers; each is 0 before it is first set.
import { type Sql, number } from "../sql.ts";

export type CounterName =
  /** Writes so far; also the newest resourceVersion. */
  | "revision"
  /** Table versions handed out so far; one may never have been published. */
  | "reserved"
  | "version"
  | "published"
  | "kvVersion"
  /** When KV was last written to or a table published, ms. */
  | "publishedMs"
  | "turn"
  /** When the open turn began, ms; 0 where none is open. */
  | "turnMs"
  | "turnRevision";

export interface Counters {
  get(name: CounterName): number;
  set(name: CounterName, value: number): void;
  /** Adds one and answers the sum. */
  next(name: CounterName): number;
}

export function createCounters(sql: Sql): Counters {
  const get = (name: CounterName): number =>
    number(sql.all("SELECT value FROM counter WHERE name = ?", name)[0], "value");
  const set = (name: CounterName, value: number): void => {
    sql.all("INSERT OR REPLACE INTO counter (name, value) VALUES (?, ?)", name, value);
  };
  return {
    get,
    set,
    next(name) {
      const value = get(name) + 1;
      set(name, value);
      return value;
    },
  };
}
