// Owns ReplayGuard's table. A step that was released is never changed; add one.

export const STEPS: readonly string[] = [
  `CREATE TABLE seen (key TEXT PRIMARY KEY, until_ms INTEGER NOT NULL) WITHOUT ROWID;
  CREATE INDEX seen_until ON seen (until_ms);`,
];
