// A call on its way: what the application gets of it, and the runtime's own promise to pipeline on.
import { dispose } from "../pipeline/dispose.ts";

/** A call that was made; its result is wanted, or only what hangs on it. */
export interface Sent {
  /** What the application gets. */
  readonly value: Promise<unknown>;
  /** Settles with `value`, never rejects, and listens to nothing: an exception that nobody hears stays unheard. */
  readonly settled: Promise<unknown>;
  /** The runtime's own promise of the latest attempt; null while none is on its way. */
  latest(): object | null;
}

/** Where a path is replayed: a call with its arguments, or the read of a property. */
export interface Remote {
  call(path: readonly string[], args: readonly unknown[]): Sent;
  get(path: readonly string[]): Sent;
}

type Callable = (...args: readonly unknown[]) => unknown;
type Settled =
  | { readonly isGood: true; readonly value: unknown }
  | { readonly isGood: false; readonly error: unknown };

/** A call from what it settles with and how that is unwrapped. */
export const sentFrom = <T>(
  settled: Promise<T>,
  unwrap: (settled: T) => unknown,
  latest: () => object | null,
): Sent => ({ settled, value: settled.then(unwrap), latest });

/** A call with one attempt only: this promise of the runtime's; what it comes to is turned into the application's. */
export const sentAs = (
  native: unknown,
  check: (value: unknown) => unknown,
  blame: (error: unknown) => unknown = (error) => error,
): Sent =>
  sentFrom(
    settle(async () => check(await native), blame),
    open,
    () => native as object,
  );

/** A call that was never made. */
export const unsent = (error: unknown): Sent =>
  sentFrom(
    settle(() => Promise.reject(error as Error)),
    open,
    () => null,
  );

/** Members of a result: asked of the runtime's promise, and once more where another attempt was the one that counted. */
export const remoteOn = (parent: Sent): Remote => ({
  call: (path, args) =>
    onto(parent, (at) => {
      const owner = path.slice(0, -1).reduce(read, at);
      const last = path.at(-1);
      const callee = last === undefined ? owner : read(owner, last);
      return (callee as Callable)(...args);
    }),
  get: (path) => onto(parent, (at) => path.reduce(read, at)),
});

/** Gives up what a call came to or will come to. */
export function release(sent: Sent): void {
  dispose(sent.latest());
  void sent.value.then(dispose, ignore);
}

const read = (owner: unknown, name: string): unknown =>
  (owner as Readonly<Record<string, unknown>>)[name];

function onto(parent: Sent, ask: (at: unknown) => unknown): Sent {
  let latest: object | null = null;
  const settled = settle(async () => {
    let at = parent.latest();
    if (at === null) {
      await parent.settled;
      at = parent.latest();
    }
    while (at !== null) {
      try {
        const asked = ask(at) as PromiseLike<unknown>;
        latest = asked;
        return await asked;
      } catch (error) {
        await parent.settled;
        const again = parent.latest();
        if (again === at) return await failedBefore(parent, error);
        at = again;
      }
    }
    return parent.value;
  });
  return sentFrom(settled, open, () => latest);
}

/** Where the result itself failed, its own error is the one that tells. */
async function failedBefore(parent: Sent, error: unknown): Promise<never> {
  await parent.value;
  throw error;
}

const settle = async (
  run: () => Promise<unknown>,
  blame: (error: unknown) => unknown = (error) => error,
): Promise<Settled> => {
  try {
    return { isGood: true, value: await run() };
  } catch (error) {
    return { isGood: false, error: blame(error) };
  }
};

function open(settled: Settled): unknown {
  if (settled.isGood) return settled.value;
  throw settled.error;
}

const ignore = (): void => undefined;
