// The scope of one invocation, carried inside the isolate by AsyncLocalStorage and over hops by the packed context.
import { AsyncLocalStorage } from "node:async_hooks";
import type { CallContext } from "../contract/context.ts";
import { packContext, rootContext } from "../pipeline/context.ts";
import type { Isolate, Keeper, Scope } from "../pipeline/isolate.ts";

const scopes = new AsyncLocalStorage<Scope>();

/** The scope that holds for an incoming call's context. */
export const scopeOf = (context: CallContext, keeper: Keeper, isRoot = false): Scope => ({
  context,
  keeper,
  isRoot,
  cohort: context.cohort,
  allowance: context.allowance,
  isTroubled: false,
  invocations: context.invocations,
});

/** A scope of its own for an entry event: cron, queue batch, alarm, message, or work outside any event. */
export const entryScope = (isolate: Isolate, keeper: Keeper): Scope =>
  scopeOf(
    rootContext(() => isolate.random()),
    keeper,
    true,
  );

export type Around = <T>(run: () => T) => T;
let around: Around | null = null;

/** Runs everything in a scope inside something else too. */
export const runAround = (wrap: Around): void => {
  around = wrap;
};

export const inScope = <T>(scope: Scope, run: () => T): T =>
  around === null ? scopes.run(scope, run) : around(() => scopes.run(scope, run));

export const runningScope = (): Scope | undefined => scopes.getStore();

/** The running scope; background work outside one gets a scope that nothing keeps alive. */
export const currentScope = (isolate: Isolate): Scope =>
  runningScope() ?? entryScope(isolate, NOBODY);

/** What a call to an object or to the Worker itself begins with: the running scope as it is now, one hop deeper. */
export function packScope(isolate: Isolate): string {
  const { context, cohort, allowance, invocations } = currentScope(isolate);
  const { depth } = context;
  return packContext(
    { ...context, cohort, allowance, invocations, depth: depth + 1 },
    isolate.now(),
  );
}

const NOBODY: Keeper = { waitUntil: () => undefined };
