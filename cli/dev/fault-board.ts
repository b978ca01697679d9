// Owns which faults are on in a dev mesh and what they do to one call. Kept in the dev process, so a reload keeps them.

export type FaultMode =
  | "down"
  | "slow"
  | "restart"
  | "evict"
  | "rekey"
  | "overload"
  | "empty"
  | "ok";

/** What is asked of `/dev/faults`, checked. */
export interface FaultRequest {
  readonly target: string;
  readonly mode: FaultMode;
  /** Share of calls it hits, 0 to 1. */
  readonly share: number;
  /** Delay of mode `slow`. */
  readonly ms: number;
  /** How long it stays on; null: until it is set to `ok`. */
  readonly forMs: number | null;
}

/** A fault that is on, as `/dev/faults` shows it. */
export interface ActiveFault {
  readonly target: string;
  readonly mode: FaultMode;
  readonly share: number;
  readonly ms?: number;
  /** Milliseconds left; absent: until it is set to `ok`. */
  readonly for?: number;
}

/** What becomes of one call. */
export type Effect =
  | { readonly kind: "none" }
  | { readonly kind: "throw" | "overload" | "empty" }
  | { readonly kind: "delay"; readonly ms: number };

interface Entry {
  readonly request: FaultRequest;
  readonly untilMs: number;
}

/** The faults of one dev mesh; at most one for each target, a later one replaces it. */
export class FaultBoard {
  readonly #entries = new Map<string, Entry>();

  /** Turns a lasting fault on, or off with mode `ok`. */
  set(request: FaultRequest, now: number): void {
    if (request.mode === "ok") this.#entries.delete(request.target);
    else this.#entries.set(request.target, { request, untilMs: now + (request.forMs ?? Infinity) });
  }

  /** The faults that are on. */
  active(now: number): readonly ActiveFault[] {
    return this.#live(now).map(({ request, untilMs }) => ({
      target: request.target,
      mode: request.mode,
      share: request.share,
      ...(request.mode === "slow" ? { ms: request.ms } : {}),
      ...(untilMs === Infinity ? {} : { for: untilMs - now }),
    }));
  }

  /** What a call meets that goes to all of these targets at once; what fails it wins over what delays it. */
  effectOn(targets: readonly string[], now: number, random: () => number): Effect {
    let effect: Effect = { kind: "none" };
    for (const { request } of this.#live(now)) {
      if (!targets.includes(request.target) || random() >= request.share) continue;
      const hit = effectOf(request);
      if (hit.kind !== "delay") return hit;
      effect = hit;
    }
    return effect;
  }

  #live(now: number): readonly Entry[] {
    for (const [target, { untilMs }] of this.#entries) {
      if (untilMs <= now) this.#entries.delete(target);
    }
    return [...this.#entries.values()];
  }
}

function effectOf({ mode, ms }: FaultRequest): Effect {
  switch (mode) {
    case "down":
      return { kind: "throw" };
    case "overload":
      return { kind: "overload" };
    case "empty":
      return { kind: "empty" };
    case "slow":
      return { kind: "delay", ms };
    case "restart":
    case "evict":
    case "rekey":
    case "ok":
      return { kind: "none" };
  }
}
