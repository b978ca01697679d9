// Owns CircuitBreaker's table. A step that was released is never changed; add one.

export const STEPS: readonly string[] = [
  `CREATE TABLE circuit (one INTEGER PRIMARY KEY CHECK (one = 1), record TEXT NOT NULL);`,
];
