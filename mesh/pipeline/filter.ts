// Owns the shape of a filter and how a chain is made of filters. Order is data; a test checks every `after`.
import { refuse, type Outcome } from "./outcome.ts";

/** The rest of a chain: takes the call, settles on an outcome, never rejects. */
export type Next<C> = (call: C) => Promise<Outcome> | Outcome;

/** One step of a chain. */
export interface Filter<C> {
  readonly name: string;
  /** One sentence: what it does and why it stands where it stands. */
  readonly doc: string;
  /** Names of filters that must stand before it. */
  readonly after: readonly string[];
  /** On the way down: answers in place of the rest, or hands on to it and touches nothing that comes back. */
  readonly wrap: (next: Next<C>) => Next<C>;
  /** On the way up, whatever settled below, its own answers included; `again` repeats everything below. */
  readonly settle?: (call: C, outcome: Outcome, again: Next<C>) => Promise<Outcome> | Outcome;
}

/** An ordered list of filters, outermost first, and the terminal that answers last. */
export interface Chain<C> {
  readonly name: string;
  readonly filters: readonly Filter<C>[];
  readonly terminal: Next<C>;
}

/** Composes a chain once into one function, an onion of closures; neighbours that settle share one promise (docs/adr/0001). */
export function compose<C>({ filters, terminal }: Chain<C>): Next<C> {
  let next = terminal;
  let steps: readonly Step<C>[] = [];
  for (const { wrap, settle } of filters.toReversed()) {
    const below = steps.length === 0 ? next : settling(next, steps);
    next = wrap(settle === undefined ? below : next);
    steps = settle === undefined ? [] : [...steps, { settle, again: below }];
  }
  return steps.length === 0 ? next : settling(next, steps);
}

interface Step<C> {
  readonly settle: NonNullable<Filter<C>["settle"]>;
  readonly again: Next<C>;
}

const settling =
  <C>(next: Next<C>, steps: readonly Step<C>[]): Next<C> =>
  (call) => {
    try {
      const pending = next(call);
      return pending instanceof Promise
        ? pending.then(
            (outcome: Outcome) => climb(steps, 0, call, outcome),
            (error: unknown) => climb(steps, 0, call, bug(error)),
          )
        : climb(steps, 0, call, pending);
    } catch (error) {
      return climb(steps, 0, call, bug(error));
    }
  };

/** Innermost first. */
function climb<C>(
  steps: readonly Step<C>[],
  from: number,
  call: C,
  settled: Outcome,
): Promise<Outcome> | Outcome {
  let outcome = settled;
  for (let index = from; index < steps.length; index++) {
    const step = steps[index];
    const next = step?.settle(call, outcome, step.again) ?? outcome;
    if (next instanceof Promise) return next.then((late) => climb(steps, index + 1, call, late));
    outcome = next;
  }
  return outcome;
}

/** A bug of the mesh is a refusal too, though a chain promises never to reject. */
const bug = (error: unknown): Outcome =>
  refuse("mesh_error", error instanceof Error ? `${error.name}: ${error.message}` : String(error));

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
