// Owns which series there are: a number for each, so that rows need not repeat its names; bounded.
import type { Facet, SeriesDelta } from "../../mesh/contract/telemetry.ts";
import { type Row, type Sql, number, text } from "../sql.ts";

/** Distinct series; past it, what is new shares one for each facet. */
export const MOST_SERIES = 2000;
const OTHER = "other";

export type Names = Pick<SeriesDelta, "facet" | "source" | "endpoint" | "route">;

export interface SeriesIds {
  of(names: Names, nowMs: number): number;
  /** Runs a transaction; what it added is forgotten with it. */
  within(work: () => void): void;
}

export function createSeriesIds(sql: Sql): SeriesIds {
  let ids = new Map(
    sql.all("SELECT * FROM series").map((row) => [keyOf(toNames(row)), number(row, "id")]),
  );
  function of(names: Names, nowMs: number): number {
    const key = keyOf(names);
    const known = ids.get(key);
    if (known !== undefined) return known;
    const { facet, source, endpoint, route } = names;
    if (ids.size >= MOST_SERIES && source !== OTHER)
      return of({ facet, source: OTHER, endpoint: "", route: "" }, nowMs);
    const [row] = sql.all(
      "INSERT INTO series (facet, source, endpoint, route, born_ms) VALUES (?, ?, ?, ?, ?) RETURNING id",
      facet,
      source,
      endpoint,
      route,
      nowMs,
    );
    const id = number(row, "id");
    ids.set(key, id);
    return id;
  }
  return {
    of,
    within(work) {
      const before = new Map(ids);
      try {
        sql.transaction(work);
      } catch (error) {
        ids = before;
        throw error;
      }
    },
  };
}

const keyOf = ({ facet, source, endpoint, route }: Names): string =>
  JSON.stringify([facet, source, endpoint, route]);

export const toNames = (row: Row): Names => ({
  facet: text(row, "facet") as Facet,
  source: text(row, "source"),
  endpoint: text(row, "endpoint"),
  route: text(row, "route"),
});
