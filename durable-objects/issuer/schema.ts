// Owns Issuer's tables: every secret in them is sealed. A step that was released is never changed; add one.

export const STEPS: readonly string[] = [
  `CREATE TABLE secret (
    kid TEXT PRIMARY KEY,
    purpose TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    not_after_ms INTEGER NOT NULL,
    public TEXT,
    iv BLOB NOT NULL,
    sealed BLOB NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE revocation (
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (kind, value)
  ) WITHOUT ROWID;`,
  `CREATE TABLE slot (
    kid TEXT PRIMARY KEY,
    number INTEGER NOT NULL,
    prepared_ms INTEGER NOT NULL,
    active_ms INTEGER NOT NULL,
    not_after_ms INTEGER NOT NULL
  ) WITHOUT ROWID;`,
  `CREATE TABLE vouched (
    number INTEGER PRIMARY KEY,
    kid TEXT NOT NULL,
    x TEXT NOT NULL,
    y TEXT NOT NULL,
    signature TEXT NOT NULL
  );`,
];
