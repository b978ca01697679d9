// Owns the stand-ins for what the data plane takes from its runtime: clock, chance, timers, Response and WebCrypto.
// They are in force inside a simulated machine only; everything else in the process keeps the runtime's own.
import { AsyncLocalStorage } from "node:async_hooks";
import { createDecipheriv, createHash, createPublicKey, type KeyObject, verify } from "node:crypto";

/** What a machine gives the code that runs on it. */
export interface Ambient {
  now(): number;
  random(): number;
  after(ms: number, run: () => void): { run: (() => void) | null };
  /** Takes a line of the Worker's log. */
  log(line: string): true;
}

/** A signal that will abort at an instant of its machine's clock, and what a simulated fetch needs to know of it. */
export interface EndingSignal {
  readonly aborted: boolean;
  readonly leftMs: number;
}

const running = new AsyncLocalStorage<Ambient>();

/** Runs code on a machine, and everything that follows from it. */
export const runAmbient = (machine: Ambient, run: () => void): void => running.run(machine, run);

/** Puts the stand-ins in place; the answer takes them out again. */
export function installAmbient(): () => void {
  const undo = [
    replace(Date, "now", (own) => () => running.getStore()?.now() ?? own()),
    replace(Math, "random", (own) => () => running.getStore()?.random() ?? own()),
    replace(globalThis, "setTimeout", (own) => timeoutOf(own)),
    replace(globalThis, "clearTimeout", (own) => clearOf(own)),
    replace(AbortSignal, "timeout", (own) => signalOf(own)),
    replace(globalThis, "Response", (own) => responseOf(own)),
    replace(crypto, "randomUUID", (own) => () => uuidOf(running.getStore()) ?? own()),
    replace(crypto, "subtle", (own) => subtleOf(own)),
    replace(console, "log", (own) => (line: string) => running.getStore()?.log(line) ?? own(line)),
  ];
  return () => {
    for (const restore of undo) restore();
  };
}

/** Replaces a property by what is made of it. */
function replace<T extends object, K extends keyof T>(
  target: T,
  name: K,
  make: (own: T[K]) => unknown,
): () => void {
  const own = Object.getOwnPropertyDescriptor(target, name);
  const value: unknown = target[name];
  const bound = (
    typeof value === "function" && !isClass(value) ? value.bind(target) : value
  ) as T[K];
  Object.defineProperty(target, name, { value: make(bound), configurable: true, writable: true });
  return () => {
    if (own === undefined) Reflect.deleteProperty(target, name);
    else Object.defineProperty(target, name, own);
  };
}

const isClass = (value: object): boolean => value === globalThis.Response;

type Timeout = typeof setTimeout;

const timeoutOf =
  (own: Timeout) =>
  (run: () => void, ms = 0): unknown => {
    const machine = running.getStore();
    return machine === undefined ? own(run, ms) : machine.after(ms, run);
  };

const clearOf =
  (own: typeof clearTimeout) =>
  (timer: NodeJS.Timeout | { run: (() => void) | null } | undefined): void => {
    if (timer !== undefined && "order" in timer && "run" in timer) timer.run = null;
    else own(timer as NodeJS.Timeout);
  };

const signalOf = (own: typeof AbortSignal.timeout) => (ms: number) =>
  running.getStore() === undefined
    ? own(ms)
    : ({ aborted: false, leftMs: ms } satisfies EndingSignal);

function uuidOf(machine: Ambient | undefined): string | undefined {
  if (machine === undefined) return undefined;
  const digits = (): string =>
    ((machine.random() * 0x1_0000_0000) >>> 0).toString(16).padStart(8, "0");
  const hex = digits() + digits() + digits() + digits();
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
}

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

/** What was verified, by its signature: the same table reaches many isolates, and the answer cannot be another. */
const verdicts = new Map<
  string,
  { readonly key: KeyObject; bytes: Uint8Array; isSound: boolean }
>();
const MOST_VERDICTS = 256;

function isSound(key: KeyObject, signature: Uint8Array, bytes: Uint8Array): boolean {
  const name = Buffer.from(signature).toString("latin1");
  const known = verdicts.get(name);
  if (known !== undefined && known.key.equals(key) && Buffer.compare(known.bytes, bytes) === 0)
    return known.isSound;
  const isOk = verify("sha256", bytes, { key, dsaEncoding: "ieee-p1363" }, signature);
  if (verdicts.size >= MOST_VERDICTS) verdicts.clear();
  verdicts.set(name, { key, bytes: bytes.slice(), isSound: isOk });
  return isOk;
}

const keys = new Map<string, KeyObject>();

function keyOf(jwk: JsonWebKey): KeyObject {
  const name = JSON.stringify(jwk);
  const known = keys.get(name) ?? createPublicKey({ key: jwk as never, format: "jwk" });
  keys.set(name, known);
  return known;
}

/** WebCrypto that settles at once: a simulation may not wait for another thread. */
function subtleOf(own: SubtleCrypto): unknown {
  const stand = {
    importKey: async (format: string, key: JsonWebKey | Uint8Array) =>
      format === "jwk" ? keyOf(key as JsonWebKey) : key,
    verify: async (_: unknown, key: KeyObject, signature: Uint8Array, bytes: Uint8Array) =>
      isSound(key, signature, bytes),
    digest: async (_: unknown, bytes: Uint8Array) =>
      new Uint8Array(createHash("sha256").update(bytes).digest()).buffer,
    decrypt: async (
      { iv, additionalData }: { iv: Uint8Array; additionalData: Uint8Array },
      key: Uint8Array,
      sealed: Uint8Array,
    ) => {
      const opener = createDecipheriv("aes-256-gcm", key, iv);
      opener.setAAD(additionalData);
      opener.setAuthTag(sealed.subarray(-16));
      return Buffer.concat([opener.update(sealed.subarray(0, -16)), opener.final()]);
    },
  };
  return new Proxy(own, {
    get: (target, name) => {
      if (running.getStore() !== undefined && Object.hasOwn(stand, name))
        return Reflect.get(stand, name) as unknown;
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}
