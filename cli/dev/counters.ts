// Owns what `/dev/counters` shows: counts by Worker, fed by dev's own bindings and the runtime's tail events.

/** What is counted for each Worker. */
export interface WorkerCounts {
  /** Events the runtime delivered to the Worker. */
  readonly invocations: number;
  /** Runs of the user's own handlers and entrypoint methods. */
  readonly handlerRuns: number;
  /** Reads of the table from KV. */
  readonly kvReads: number;
  /** Calls to control, to the pulse and to objects. */
  readonly objectCalls: number;
}

export type CountName = keyof WorkerCounts;

/** Counts of one dev mesh by workload `ns/name`; they survive a reload. */
export class Counters {
  readonly #counts = new Map<string, Record<CountName, number>>();

  add(workload: string, name: CountName, by = 1): void {
    const counts = this.#counts.get(workload) ?? zero();
    counts[name] += by;
    this.#counts.set(workload, counts);
  }

  reset(): void {
    this.#counts.clear();
  }

  /** Counts of each of these workloads, and of any other that was seen. */
  read(workloads: readonly string[]): Readonly<Record<string, WorkerCounts>> {
    const names = new Set([...workloads, ...this.#counts.keys()]);
    return Object.fromEntries(
      [...names].sort().map((name) => [name, { ...(this.#counts.get(name) ?? zero()) }]),
    );
  }
}

const zero = (): Record<CountName, number> => ({
  invocations: 0,
  handlerRuns: 0,
  kvReads: 0,
  objectCalls: 0,
});
