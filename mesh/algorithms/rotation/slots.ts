// Owns when keys follow each other: the next is prepared at half the life of the active one, and takes over a sixth of a
// life before that ends (the schedule of SPIRE's CA manager), so that everybody has seen a key before it is used.

/** A key's place in time, ms since the epoch. */
export interface Slot {
  readonly kid: string;
  readonly preparedMs: number;
  readonly activeMs: number;
  readonly notAfterMs: number;
}

export type SlotState = "prepared" | "active" | "retired";

/** The key in use: of those that have begun and not ended the one that began last; null where there is none. */
export function activeSlot(slots: readonly Slot[], nowMs: number): Slot | null {
  const running = slots.filter(
    ({ activeMs, notAfterMs }) => activeMs <= nowMs && nowMs < notAfterMs,
  );
  return running.reduce<Slot | null>(
    (latest, slot) => (latest === null || slot.activeMs >= latest.activeMs ? slot : latest),
    null,
  );
}

/** Where a key is; one that another took over from is retired, though what it made stays good until its end. */
export function slotState(slot: Slot, slots: readonly Slot[], nowMs: number): SlotState {
  if (slot.activeMs > nowMs) return "prepared";
  return activeSlot(slots, nowMs)?.kid === slot.kid ? "active" : "retired";
}

/** The times of a key to be made now; null while none is needed. */
export function nextSlot(
  slots: readonly Slot[],
  nowMs: number,
  lifeMs: number,
): Omit<Slot, "kid"> | null {
  const active = activeSlot(slots, nowMs);
  if (active === null) return { preparedMs: nowMs, activeMs: nowMs, notAfterMs: nowMs + lifeMs };
  const isPrepared = slots.some(({ activeMs }) => activeMs > nowMs);
  if (isPrepared || nowMs < halfLife(active)) return null;
  const activeMs = Math.max(nowMs, active.notAfterMs - lifeMs / 6);
  return { preparedMs: nowMs, activeMs, notAfterMs: activeMs + lifeMs };
}

/** When to look again: at the next half-life, take-over or end. */
export function nextLook(slots: readonly Slot[], nowMs: number): number {
  const times = slots.flatMap((slot) => [halfLife(slot), slot.activeMs, slot.notAfterMs]);
  return Math.min(...times.filter((time) => time > nowMs));
}

const halfLife = ({ activeMs, notAfterMs }: Slot): number => activeMs + (notAfterMs - activeMs) / 2;
