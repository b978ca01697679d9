// Owns what two runs of a seed have in common: a hash of all that was noted, and its last lines for whoever replays it.

/** 2027-01-15 08:00 UTC, a full hour: where virtual time begins, or a little later. */
export const START_MS = 1_800_000_000_000;
/** Lines that are kept for a report. */
const KEPT = 48;

/** One thing that happened: what, to whom, and a number that says more. */
export interface TraceEntry {
  readonly atMs: number;
  readonly what: string;
  readonly who: number;
  readonly detail: number;
}

/** The trace of one run. */
export class Trace {
  readonly #lines: TraceEntry[] = [];
  #hash = 0x811c9dc5;
  #count = 0;

  note(entry: TraceEntry): void {
    const { atMs, what, who, detail } = entry;
    let word = 0;
    for (const letter of what) word = fold(word, letter.codePointAt(0) ?? 0);
    for (const value of [word, who, detail, Math.floor(atMs - START_MS)])
      this.#hash = fold(this.#hash, value) ^ (this.#hash >>> 15);
    this.#lines[this.#count++ % KEPT] = entry;
  }

  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, "0");
  }

  /** The last lines, oldest first. */
  get last(): readonly TraceEntry[] {
    const cut = this.#count % KEPT;
    return [...this.#lines.slice(cut), ...this.#lines.slice(0, cut)];
  }
}

const fold = (hash: number, value: number): number => Math.imul(hash ^ value, 0x01000193);
