// Queues that carry the context: a message takes along the trace and the cohort of who sent it, and what the consumer does
// for it goes on with both. Neither the body nor the message is another for the application.
import { packContext, randomHex, rootContext, unpackContext } from "../pipeline/context.ts";
import type { Wiring } from "../contract/wiring.ts";
import type { Isolate, Keeper, Scope } from "../pipeline/isolate.ts";
import { methodOn, NATIVE } from "./native.ts";
import { open, wrap } from "./parcel.ts";
import { currentScope, entryScope, inScope, scopeOf } from "./scope.ts";

/** The scope of a batch's handler, its messages opened; null for an event that is no batch. */
export type OpenBatch = (event: unknown, keeper: Keeper) => Scope | null;

/** Puts ours in the place of the bindings to queues that carry the context. */
export type CreateQueues = (
  isolate: Isolate,
  wiring: Pick<Wiring, "queues">,
  env: Record<string, unknown>,
) => OpenBatch;

/** An application that imports `heddle/queue` has another copy of our modules: that is where it looks. */
const WITHIN = Symbol.for("heddle.within");

export const createQueues: CreateQueues = (isolate, { queues = [] }, env) => {
  Reflect.set(globalThis, WITHIN, within);
  for (const name of queues) env[name] = weaveQueue(env[name], isolate);
  return (event, keeper) => openBatch(isolate, event, keeper);
};

type Method = (...args: readonly unknown[]) => unknown;

const weaveQueue = (queue: unknown, isolate: Isolate): unknown => {
  if (typeof queue !== "object" || queue === null) return queue;
  const front: object = new Proxy(queue, {
    get(real, name) {
      if (name === NATIVE) return real;
      const found: unknown = Reflect.get(real, name);
      if (typeof found !== "function") return found;
      const change = CHANGES[String(name)];
      const method = found as Method;
      const changed: Method =
        change === undefined
          ? method
          : function (this: unknown, ...args) {
              return Reflect.apply(method, this, this === real ? change(args, isolate) : args);
            };
      return methodOn(() => front, real, changed);
    },
  });
  return front;
};

type Change = (args: readonly unknown[], isolate: Isolate) => readonly unknown[];

const CHANGES: Readonly<Record<string, Change>> = {
  send: ([body, options, ...rest], isolate) => {
    return [wrap(body, typeOf(options), packed(isolate)), options, ...rest];
  },
  sendBatch: (args, isolate) => {
    const [messages, ...rest] = args;
    if (!isIterable(messages)) return args;
    const carried = packed(isolate);
    return [Array.from(messages, (one) => wrapped(one, carried)), ...rest];
  },
};

const typeOf = (options: unknown): unknown =>
  (options as { readonly contentType?: unknown } | null | undefined)?.contentType;

const isIterable = (value: unknown): value is Iterable<unknown> =>
  typeof value === "object" && value !== null && Symbol.iterator in value;

function wrapped(message: unknown, carried: string): unknown {
  if (typeof message !== "object" || message === null) return message;
  const { body } = message as { readonly body?: unknown };
  return { ...message, body: wrap(body, typeOf(message), carried) };
}

/** What a message takes along. The cohort is decided here at the latest: sender and consumer are to see the same side. */
function packed(isolate: Isolate): string {
  const random = (): number => isolate.random();
  const scope = currentScope(isolate);
  scope.cohort ||= randomHex(16, random);
  const { traceId, spanId, flags, priority, tracestate, baggage } = scope.context;
  const { cohort } = scope;
  const own = { traceId, spanId, flags, cohort, priority, tracestate, baggage };
  return packContext({ ...rootContext(random), ...own }, isolate.now());
}

const scopes = new WeakMap<object, Scope>();

/**
 * That of its only message, or one of its own with the cohort that all of its messages have. The platform takes a batch
 * as done only when nothing is kept alive for it any more.
 */
function openBatch(isolate: Isolate, event: unknown, ctx: Keeper): Scope | null {
  const messages: unknown = (event as { readonly messages?: unknown } | null)?.messages;
  if (!Array.isArray(messages)) return null;
  const keeper: Keeper = { waitUntil: (work) => ctx.waitUntil(work), isBrief: true };
  const opened = messages.map((message) => openMessage(isolate, message as object, keeper));
  const [first] = opened;
  if (opened.length === 1 && first) return first;
  const whole = entryScope(isolate, keeper);
  if (first && opened.every((scope) => scope?.cohort === first.cohort)) whole.cohort = first.cohort;
  return whole;
}

function openMessage(isolate: Isolate, message: object, keeper: Keeper): Scope | null {
  const known = scopes.get(message);
  if (known !== undefined) return known;
  const parcel = open((message as { readonly body?: unknown }).body);
  if (parcel === null) return null;
  const { carried, body: value } = parcel;
  const context = unpackContext(carried, isolate.now());
  if (context === null) return null;
  Object.defineProperty(message, "body", { value, enumerable: true, configurable: true });
  const scope = scopeOf(context, keeper);
  scopes.set(message, scope);
  return scope;
}

/** Runs something in the scope of one message of a batch; of what carried none, in the running one. */
function within<T>(message: object, run: () => T): T {
  const scope = scopes.get(message);
  return scope === undefined ? run() : inScope(scope, run);
}
