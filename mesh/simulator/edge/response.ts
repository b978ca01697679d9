// Owns what stands for `Response` and for the end of a fetch on a machine: light, since a run makes millions of them.
import { running, standIn } from "../core/ambient.ts";

/** A signal that aborts at an instant of its machine's clock: a simulated fetch sees for itself when its time is over. */
export interface EndingSignal {
  readonly aborted: boolean;
  readonly leftMs: number;
}

/** Puts them in place; each answer takes one out again. */
export const standInFetch = (): readonly (() => void)[] => [
  standIn(globalThis, "Response", (own) => responseOf(own)),
  standIn(AbortSignal, "timeout", (own) => signalOf(own)),
];

const signalOf = (own: typeof AbortSignal.timeout) => (ms: number) =>
  running.getStore() === undefined
    ? own(ms)
    : ({ aborted: false, leftMs: ms } satisfies EndingSignal);

/** As much of a Response as the chains touch: status, a few headers, a body that nobody reads. */
export class LightResponse {
  readonly status: number;
  readonly headers: LightHeaders;
  readonly body: null = null;
  /** What the simulated application put in. */
  readonly content: unknown;

  constructor(content: unknown, init: { status?: number; headers?: unknown } = {}) {
    this.status = init.status ?? 200;
    this.headers = new LightHeaders(init.headers as HeaderSource);
    this.content = content instanceof LightResponse ? content.content : content;
  }
}

type HeaderSource = Readonly<Record<string, string>> | LightHeaders | undefined;

/** Headers with one value per lower-case name. */
export class LightHeaders {
  readonly #values: Record<string, string>;
  constructor(source: HeaderSource) {
    this.#values = source instanceof LightHeaders ? { ...source.#values } : { ...source };
  }
  get(name: string): string | null {
    return this.#values[name] ?? null;
  }
  set(name: string, value: string): void {
    this.#values[name] = value;
  }
  delete(name: string): void {
    delete this.#values[name];
  }
}

/** Inside a machine `new Response` and `instanceof Response` mean the light one. */
const responseOf = (own: typeof Response): unknown =>
  new Proxy(own, {
    construct: (target, given: [unknown, { status?: number }?]) =>
      running.getStore() === undefined
        ? (Reflect.construct(target, given) as object)
        : new LightResponse(...given),
    get: (target, name, self): unknown =>
      name === Symbol.hasInstance
        ? (value: unknown) => value instanceof LightResponse || value instanceof target
        : Reflect.get(target, name, self),
  });
