// Owns the ambient clock and randomness of the objects' Worker; everything else here is given them.
/* oxlint-disable no-restricted-properties -- this file is where they come from */

/** Time, randomness and sleep as objects take them; a test gives its own. */
export interface Clock {
  now(): number;
  /** Fresh random bytes. */
  random(size: number): Uint8Array<ArrayBuffer>;
  uuid(): string;
  sleep(ms: number): Promise<void>;
}

/** The clock of the runtime. */
export const ambientClock: Clock = {
  now: () => Date.now(),
  random: (size) => crypto.getRandomValues(new Uint8Array(size)),
  uuid: () => crypto.randomUUID(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};
