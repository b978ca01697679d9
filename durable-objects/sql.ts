// Owns how objects speak to their SQLite: rows out, values in, several statements at once. No statement is here.

export type SqlValue = string | number | null | ArrayBuffer;
export type Row = Readonly<Record<string, SqlValue>>;

/** A database as objects use it; in workerd the object's own, in a unit test one in memory. */
export interface Sql {
  all(query: string, ...values: SqlValue[]): readonly Row[];
  /** Runs `work` whole or not at all. */
  transaction<T>(work: () => T): T;
}

/** The SQLite of a Durable Object. */
export const objectSql = (storage: DurableObjectStorage): Sql => ({
  all: (query, ...values) => storage.sql.exec(query, ...values).toArray(),
  transaction: (work) => storage.transactionSync(work),
});

/** Brings a database up to date: each step runs once, in order, and is never changed afterwards. */
export function migrate(sql: Sql, steps: readonly string[]): void {
  sql.all("CREATE TABLE IF NOT EXISTS schema_step (step INTEGER PRIMARY KEY)");
  const done = sql.all("SELECT COUNT(*) AS n FROM schema_step")[0]?.["n"];
  steps.slice(Number(done)).forEach((step, index) => {
    sql.transaction(() => {
      sql.all(step);
      sql.all("INSERT INTO schema_step (step) VALUES (?)", Number(done) + index);
    });
  });
}

/** A text column; empty where it is null. */
export const text = (row: Row | undefined, column: string): string => {
  const value = row?.[column];
  return typeof value === "string" ? value : "";
};

/** A number column; 0 where it is null or there is no row. */
export const number = (row: Row | undefined, column: string): number => Number(row?.[column] ?? 0);

/** A blob column; empty where it is null. */
export const blob = (row: Row | undefined, column: string): Uint8Array<ArrayBuffer> => {
  const value = row?.[column];
  return value instanceof ArrayBuffer ? new Uint8Array(value) : new Uint8Array();
};

/** Bytes as SQLite takes them. */
export const toBlob = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;
