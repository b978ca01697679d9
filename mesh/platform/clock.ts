// The only place in the data plane that reads the ambient clock and randomness; everything else is handed them.

export const now = (): number => Date.now();
export const random = (): number => Math.random();
export const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
/** An isolate id: 36 characters, 122 random bits from the runtime's own generator. */
export const uniqueId = (): string => crypto.randomUUID();
/** A nonce: 20 hex digits, 80 random bits of the same generator, of which a callee must not see two within a window. */
export const freshNonce = (): string => {
  const id = crypto.randomUUID();
  return id.slice(0, 8) + id.slice(24);
};
