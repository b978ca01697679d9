// Owns the memory of proofs seen: two generations, each as long as a proof can be good, so that one is always whole.
// Safe and other methods are kept apart: a flood of the former neither evicts nor blocks the latter.
// Tags are numbers in typed arrays, 16 bytes each: tens of thousands of strings in a Set cost every collection of garbage.
import { REQUEST_AHEAD_MS, REQUEST_WINDOW_MS } from "../../contract/identity.ts";

/** Tags remembered in all, by default, half of them for each class: 2 MiB, and 700 calls a second of each. */
export const NONCE_CAP = 100_000;

/** From 5 s early to 30 s late: what a tag must be remembered for. */
const GENERATION_MS = REQUEST_WINDOW_MS + REQUEST_AHEAD_MS;
/** Places at first; doubled as they fill. A power of two, as it stays. */
const FEWEST_PLACES = 64;

/** Tags of one class, in the order of their arrival, which numbers them; a tag's place is its number modulo places. */
interface Seen {
  /** Two words of a tag per place. */
  tags: Int32Array;
  /** Open addressing by the tag's second word, half full at most: a place and one, or 0. */
  slots: Int32Array;
  /** Number of the oldest tag that is remembered. */
  oldest: number;
  /** Number of the first tag of the younger generation. */
  younger: number;
  /** Number of the next tag. */
  next: number;
}

/** The state, changed in place. */
export interface NonceMemory {
  readonly cap: number;
  bornMs: number;
  readonly safe: Seen;
  readonly other: Seen;
}

/** `fresh`: go on. `seen`: a replay. `full`: it cannot be told, so a call that changes something must not run. */
export type NonceVerdict = "fresh" | "seen" | "full";

/** An empty memory. */
export const createNonceMemory = (nowMs: number, cap: number = NONCE_CAP): NonceMemory => ({
  cap,
  bornMs: nowMs,
  safe: empty(),
  other: empty(),
});

/** How many tags of a class are remembered. */
export const rememberedIn = ({ oldest, next }: Seen): number => next - oldest;

/**
 * Takes what stands for a proof that was verified: a tag of two 31-bit words that only its key's holder can make (bits of
 * its MAC, which covers its nonce). At the cap a safe call evicts the oldest safe tag, and any other is `full`, which
 * fails closed.
 */
export const admitNonce = (
  memory: NonceMemory,
  first: number,
  second: number,
  isSafe: boolean,
  nowMs: number,
): NonceVerdict => {
  if (nowMs - memory.bornMs >= GENERATION_MS) rotate(memory, nowMs);
  const seen = isSafe ? memory.safe : memory.other;
  if (seen.slots[slotOf(seen, first, second)] !== 0) return "seen";
  const size = rememberedIn(seen);
  if (size >= memory.cap / 2) {
    if (!isSafe) return "full";
    evictOldest(seen);
  } else if (size * 2 === seen.tags.length) rebuild(seen, seen.oldest);
  write(seen, seen.next, first, second);
  seen.next += 1;
  return "fresh";
};

const empty = (): Seen => ({
  tags: new Int32Array(2 * FEWEST_PLACES),
  slots: new Int32Array(2 * FEWEST_PLACES),
  oldest: 0,
  younger: 0,
  next: 0,
});

const rotate = (memory: NonceMemory, nowMs: number): void => {
  const isPastBoth = nowMs - memory.bornMs >= 2 * GENERATION_MS;
  for (const seen of [memory.safe, memory.other]) {
    rebuild(seen, isPastBoth ? seen.next : seen.younger);
    seen.younger = seen.next;
  }
  memory.bornMs = nowMs;
};

/** Keeps the tags numbered `from` and up, in arrays with room for as many again. */
const rebuild = (seen: Seen, from: number): void => {
  const { tags, next } = seen;
  let places = FEWEST_PLACES;
  while (places < 2 * (next - from)) places *= 2;
  seen.tags = new Int32Array(2 * places);
  seen.slots = new Int32Array(2 * places);
  seen.oldest = from;
  for (let number = from; number < next; number += 1) {
    const at = (2 * number) & (tags.length - 1);
    write(seen, number, at32(tags, at), at32(tags, at + 1));
  }
};

const write = (seen: Seen, number: number, first: number, second: number): void => {
  const { tags, slots } = seen;
  const at = (2 * number) & (tags.length - 1);
  // Before the tag is there: an equal one would be found.
  slots[slotOf(seen, first, second)] = at / 2 + 1;
  tags[at] = first;
  tags[at + 1] = second;
};

/** The slot of the tag, or the free one where it belongs. */
const slotOf = ({ tags, slots }: Seen, first: number, second: number): number => {
  const mask = slots.length - 1;
  let slot = second & mask;
  for (let held = at32(slots, slot); held !== 0; held = at32(slots, slot)) {
    if (tags[2 * held - 1] === second && tags[2 * held - 2] === first) break;
    slot = (slot + 1) & mask;
  }
  return slot;
};

/** Whatever was pushed on by the tag moves back, so that no search ends too early (Knuth, TAOCP 3, 6.4, algorithm R). */
const evictOldest = (seen: Seen): void => {
  const { tags, slots } = seen;
  const mask = slots.length - 1;
  const at = (2 * seen.oldest) & (tags.length - 1);
  let hole = slotOf(seen, at32(tags, at), at32(tags, at + 1));
  let slot = (hole + 1) & mask;
  for (let held = at32(slots, slot); held !== 0; held = at32(slots, slot)) {
    const home = at32(tags, 2 * held - 1) & mask;
    if (((slot - home) & mask) >= ((slot - hole) & mask)) {
      slots[hole] = held;
      hole = slot;
    }
    slot = (slot + 1) & mask;
  }
  slots[hole] = 0;
  seen.oldest += 1;
  seen.younger = Math.max(seen.oldest, seen.younger);
};

const at32 = (words: Int32Array, index: number): number => words[index] ?? 0;
