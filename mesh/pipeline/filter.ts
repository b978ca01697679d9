// Owns the shape of a filter and how a chain is made of filters. Order is data; a test checks every `after`.
import type { Outcome } from "./outcome.ts";

/** The rest of a chain: takes the call, settles on an outcome, never rejects. */
export type Next<C> = (call: C) => Promise<Outcome> | Outcome;

/** One step of a chain. */
export interface Filter<C> {
  readonly name: string;
  /** One sentence: what it does and why it stands where it stands. */
  readonly doc: string;
  /** Names of filters that must stand before it. */
  readonly after: readonly string[];
  readonly wrap: (next: Next<C>) => Next<C>;
}

/** An ordered list of filters, outermost first, and the terminal that answers last. */
export interface Chain<C> {
  readonly name: string;
  readonly filters: readonly Filter<C>[];
  readonly terminal: Next<C>;
}

/** Composes a chain once into one function, an onion of closures (docs/adr/0001). */
export function compose<C>(chain: Chain<C>): Next<C> {
  let next = chain.terminal;
  for (let index = chain.filters.length - 1; index >= 0; index--) {
    const filter = chain.filters[index];
    if (filter !== undefined) next = filter.wrap(next);
  }
  return next;
}

/** Every broken `after` of a chain as `filter after missing`; empty when the order holds. */
export function orderViolations<C>(chain: Chain<C>): readonly string[] {
  const seen = new Set<string>();
  const violations: string[] = [];
  for (const filter of chain.filters) {
    for (const name of filter.after)
      if (!seen.has(name)) violations.push(`${filter.name} after ${name}`);
    seen.add(filter.name);
  }
  return violations;
}
