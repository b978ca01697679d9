// A remote object as the application sees it. Nothing is sent before a member is called or awaited; what is pipelined
// on a result goes to the runtime's own promise of it, which is why it costs no further trip.
import { isIndex, NATIVE, ofPromise, ofProperty } from "./native.ts";
import { release, remoteOn, type Remote, type Sent } from "./sent.ts";

/** The member of a remote object at a path: call it, await it, or go deeper. `native` is the runtime's own such member. */
export const member = (remote: Remote, path: readonly string[], native: () => unknown): unknown =>
  new Proxy(hollow, new Member(remote, path, native));

/** The result of a call that is on its way: a promise that is pipelined on, called, or disposed. */
export const result = (sent: Sent): object => new Proxy(hollow, new Result(sent));

/** What both look like: the runtime's own class, every other name a remote member. */
abstract class Shape implements ProxyHandler<object> {
  abstract readonly prototype: object;
  abstract deeper(name: string): unknown;
  abstract awaited(): Promise<unknown>;
  /** Falsy where the class's own stands. */
  abstract special(name: symbol): unknown;

  get(_hollow: object, name: string | symbol, self: object): unknown {
    if (name === "then" || name === "catch" || name === "finally")
      return (...args: unknown[]) =>
        Reflect.apply(Reflect.get(Promise.prototype, name) as Then, this.awaited(), args);
    if (typeof name === "symbol") return this.special(name) || this.#symbol(name, self);
    if (name in this.prototype) return Reflect.get(this.prototype, name, self) as unknown;
    return isIndex(name) ? undefined : this.deeper(name);
  }
  /** Without a tag of its class the runtime's stub is an object, where a proxy of a function would be a function. */
  #symbol(name: symbol, self: object): unknown {
    const found: unknown = Reflect.get(this.prototype, name, self);
    return found === undefined && name === Symbol.toStringTag ? "Object" : found;
  }
  getPrototypeOf(): object {
    return this.prototype;
  }
  has(_hollow: object, name: string | symbol): boolean {
    return typeof name === "string" ? !isIndex(name) : name in this.prototype;
  }
  set(): boolean {
    return true;
  }
  ownKeys(): string[] {
    return [];
  }
  getOwnPropertyDescriptor(): undefined {
    return undefined;
  }
}

type Then = (...args: readonly unknown[]) => unknown;

class Member extends Shape {
  readonly #remote: Remote;
  readonly #path: readonly string[];
  readonly #native: () => unknown;
  constructor(remote: Remote, path: readonly string[], native: () => unknown) {
    super();
    this.#remote = remote;
    this.#path = path;
    this.#native = native;
  }
  get prototype(): object {
    return ofProperty;
  }
  apply(_hollow: object, _self: unknown, args: unknown[]): object {
    return result(this.#remote.call(this.#path, args));
  }
  construct(hollow: object, args: unknown[]): object {
    return this.apply(hollow, null, args);
  }
  deeper(name: string): unknown {
    return member(this.#remote, [...this.#path, name], this.#native);
  }
  awaited(): Promise<unknown> {
    return this.#remote.get(this.#path).value;
  }
  special(name: symbol): unknown {
    return name === NATIVE && this.#native();
  }
}

class Result extends Shape {
  readonly #sent: Sent;
  constructor(sent: Sent) {
    super();
    this.#sent = sent;
  }
  get prototype(): object {
    return ofPromise;
  }
  apply(_hollow: object, _self: unknown, args: unknown[]): object {
    return result(remoteOn(this.#sent).call([], args));
  }
  deeper(name: string): unknown {
    const native = (): unknown => Reflect.get(this.#sent.latest() ?? {}, name);
    return member(remoteOn(this.#sent), [name], native);
  }
  awaited(): Promise<unknown> {
    return this.#sent.value;
  }
  special(name: symbol): unknown {
    if (name === NATIVE) return this.#sent.latest() ?? undefined;
    return name === Symbol.dispose && (() => release(this.#sent));
  }
}

/** What the proxies stand on: callable and constructible, with no property of its own that could not be hidden. */
const hollow: object = function hollow(): void {
  // Never runs: every trap answers before.
}.bind(null);
