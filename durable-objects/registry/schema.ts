// Owns Registry's tables. A step that was released is never changed; add one.

export const STEPS: readonly string[] = [
  `CREATE TABLE isolate (
    workload TEXT NOT NULL,
    isolate TEXT NOT NULL,
    version INTEGER NOT NULL,
    seen_ms INTEGER NOT NULL,
    nack TEXT,
    PRIMARY KEY (workload, isolate)
  ) WITHOUT ROWID;
  CREATE TABLE published (one INTEGER PRIMARY KEY CHECK (one = 1), version INTEGER NOT NULL, at_ms INTEGER NOT NULL);
  CREATE TABLE revocation (
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (kind, value)
  ) WITHOUT ROWID;`,
  `CREATE TABLE circuit (
    object TEXT NOT NULL PRIMARY KEY,
    state TEXT NOT NULL,
    generation INTEGER NOT NULL,
    probe_at_ms INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE policies (one INTEGER PRIMARY KEY CHECK (one = 1), version INTEGER NOT NULL, breakers TEXT NOT NULL);`,
];
