// Owns Telemetry's tables. A step that was released is never changed; add one.

export const STEPS: readonly string[] = [
  `CREATE TABLE reporter (
    workload TEXT NOT NULL,
    isolate TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    seen_ms INTEGER NOT NULL,
    PRIMARY KEY (workload, isolate)
  ) WITHOUT ROWID;
  CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    facet TEXT NOT NULL,
    source TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    route TEXT NOT NULL,
    born_ms INTEGER NOT NULL
  );
  CREATE TABLE total (series INTEGER PRIMARY KEY, counts TEXT NOT NULL);
  CREATE TABLE bucket (
    width_ms INTEGER NOT NULL,
    start_ms INTEGER NOT NULL,
    series INTEGER NOT NULL,
    counts TEXT NOT NULL,
    PRIMARY KEY (width_ms, start_ms, series)
  ) WITHOUT ROWID;`,
];
