// Owns what an isolate has still to tell: parts by object, told again unchanged until they are acknowledged.
import type { PartMark, PulsePart } from "../../contract/pulse.ts";

/** Parts of one object that may be on their way at once; what comes meanwhile is gathered. */
const MOST_UNDERWAY = 3;

type Delta = PulsePart["delta"];

interface Box {
  sequence: number;
  /** In the order of their sequences, oldest first. */
  underway: PulsePart[];
  /** What was gathered had to stay, since as many parts were on their way as may be. */
  isFull: boolean;
  /** What was gathered since the last time, and begins anew; null for nothing. */
  readonly drain: () => Delta | null;
}

/** By object name; changed in place. */
export type Outbox = Map<string, Box>;

/** Lets an object be told of what `drain` gathers; once per object. */
export const openBox = (outbox: Outbox, object: string, drain: () => Delta | null): void => {
  if (!outbox.has(object)) outbox.set(object, { sequence: 0, underway: [], isFull: false, drain });
};

/** All that is to be told now: what was not acknowledged, then what was gathered since. */
export const takeParts = (outbox: Outbox): PulsePart[] => {
  const parts: PulsePart[] = [];
  for (const [object, box] of outbox) {
    box.isFull = box.underway.length >= MOST_UNDERWAY;
    const delta = box.isFull ? null : box.drain();
    if (delta !== null) box.underway.push({ object, sequence: ++box.sequence, delta });
    parts.push(...box.underway);
  }
  return parts;
};

/** Forgets what was taken; a mark covers all lower sequences of its object. */
export const acknowledge = (outbox: Outbox, marks: readonly PartMark[]): void => {
  for (const { object, sequence } of marks) {
    const box = outbox.get(object);
    if (box !== undefined) box.underway = box.underway.filter((part) => part.sequence > sequence);
  }
};

/** Whether parts were told and not acknowledged, or had to stay behind such. */
export const isUnderway = (outbox: Outbox): boolean => {
  for (const { underway, isFull } of outbox.values())
    if (isFull || underway.length > 0) return true;
  return false;
};
