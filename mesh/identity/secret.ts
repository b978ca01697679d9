// Owns the wrapper every key lives in, so that no log line, error or JSON document can carry one.
// Must not offer a way to the value other than `reveal`.

const REDACTED = "[redacted]";

/** A value that cannot be printed: string, JSON, template and console forms are all `[redacted]`. */
export class Secret<T> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  /** The value itself, for the one place that computes with it. */
  reveal(): T {
    return this.#value;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [Symbol.toPrimitive](): string {
    return REDACTED;
  }
}

// `console.log` and `util.inspect`, in Node and in workerd.
Object.defineProperty(Secret.prototype, Symbol.for("nodejs.util.inspect.custom"), {
  value: () => REDACTED,
});

/** The bytes of a key. */
export type KeyBytes = Secret<Uint8Array>;
