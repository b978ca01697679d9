// Owns the order of what is to come: earliest first, and at one instant in the order it was asked for.

/** Something that will happen at a virtual instant. */
export interface Planned {
  readonly atMs: number;
  readonly order: number;
  /** Null once it was called off. */
  run: (() => void) | null;
}

/** A binary heap of planned events: none is later than the two below it, at twice its place and one or two more. */
export class EventHeap {
  readonly #events: Planned[] = [];
  #order = 0;

  /** The instant of the earliest; Infinity when nothing is planned. */
  get nextMs(): number {
    return this.#events[0]?.atMs ?? Number.POSITIVE_INFINITY;
  }

  plan(atMs: number, run: () => void): Planned {
    const event = { atMs, order: ++this.#order, run };
    const events = this.#events;
    let at = events.push(event) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = events[above];
      if (parent === undefined || isBefore(parent, event)) break;
      events[at] = parent;
      at = above;
    }
    events[at] = event;
    return event;
  }

  /** Takes the earliest out; undefined when nothing is planned. */
  pop(): Planned | undefined {
    const first = this.#events[0];
    const last = this.#events.pop();
    if (last !== undefined && this.#events.length > 0) this.#sink(last);
    return first;
  }

  #sink(event: Planned): void {
    const events = this.#events;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const below = isBefore(events[left + 1], events[left]) ? left + 1 : left;
      const child = events[below];
      if (child === undefined || isBefore(event, child)) break;
      events[at] = child;
      at = below;
    }
    events[at] = event;
  }
}

const isBefore = (one?: Planned, other?: Planned): boolean =>
  one !== undefined &&
  other !== undefined &&
  (one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order));
