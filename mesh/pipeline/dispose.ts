// Owns giving up a stub that nobody will use.

/** Disposes what can be disposed; anything else is left as it is. */
export function dispose(value: unknown): void {
  const method = (value as Partial<Disposable> | null | undefined)?.[Symbol.dispose];
  if (typeof method === "function") method.call(value as Disposable);
}
