// The only place in the data plane that reads the ambient clock and randomness; everything else is handed them.

export const now = (): number => Date.now();
export const random = (): number => Math.random();
export const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
/** A nonce or isolate id: 36 characters, 122 random bits from the runtime's own generator. */
export const uniqueId = (): string => crypto.randomUUID();
