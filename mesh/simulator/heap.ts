// Owns the order of what is to come: earliest first, and at one instant in the order it was asked for.

/** Something that will happen at a virtual instant. */
export interface Planned {
  readonly atMs: number;
  readonly order: number;
  /** Null once it was called off. */
  run: (() => void) | null;
  /** Whose clock it moves; null for the world itself. */
  readonly owner: Owner | null;
}

/** Whoever events belong to: what is planned for one that is gone never happens. */
export interface Owner {
  readonly isGone: boolean;
}

/** A binary heap of planned events. */
export class EventHeap {
  readonly #events: Planned[] = [];

  /** How many are planned, those called off among them. */
  get size(): number {
    return this.#events.length;
  }

  /** The instant of the earliest; Infinity when nothing is planned. */
  get nextMs(): number {
    return this.#events[0]?.atMs ?? Number.POSITIVE_INFINITY;
  }

  push(event: Planned): void {
    const events = this.#events;
    let at = events.length;
    events.push(event);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = events[above];
      if (parent === undefined || isBefore(parent, event)) break;
      events[at] = parent;
      at = above;
    }
    events[at] = event;
  }

  /** Takes the earliest out; undefined when nothing is planned. */
  pop(): Planned | undefined {
    const events = this.#events;
    const first = events[0];
    const last = events.pop();
    if (last !== undefined && events.length > 0) this.#sink(last);
    return first;
  }

  #sink(event: Planned): void {
    const events = this.#events;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      const left = events[below];
      if (left === undefined) break;
      const right = events[below + 1];
      const child = right !== undefined && isBefore(right, left) ? right : left;
      if (child === right) below += 1;
      if (isBefore(event, child)) break;
      events[at] = child;
      at = below;
    }
    events[at] = event;
  }
}

const isBefore = (one: Planned, other: Planned): boolean =>
  one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
