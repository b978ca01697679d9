/**
 * What workerd lends from Node, declared by hand so that Worker code is checked without Node's types.
 * Only `nodejs_als` may be assumed of a woven Worker; anything else of `node:` is an error there.
 */
declare module "node:async_hooks" {
  /** Carries a value through every await of one entry event. */
  export class AsyncLocalStorage<T> {
    getStore(): T | undefined;
    run<R>(store: T, callback: () => R): R;
    run<R, A extends unknown[]>(store: T, callback: (...args: A) => R, ...args: A): R;
    exit<R>(callback: () => R): R;
    /** Returns a function that runs `fn` in the context of this call. */
    static bind<F extends (...args: never[]) => unknown>(fn: F): F;
    /** Returns a runner that restores the context of this call. */
    static snapshot(): <R, A extends unknown[]>(fn: (...args: A) => R, ...args: A) => R;
  }
}
