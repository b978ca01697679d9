// Owns the memory of nonces seen: two generations, each as long as a proof can be good, so that one is always whole.
// Safe and other methods are kept apart: a flood of the former neither evicts nor blocks the latter.
import { REQUEST_AHEAD_MS, REQUEST_WINDOW_MS } from "../../contract/identity.ts";

/** Nonces remembered in all, by default; half of them for each class. */
export const NONCE_CAP = 50_000;

/** From 5 s early to 30 s late: what a nonce must be remembered for. */
const GENERATION_MS = REQUEST_WINDOW_MS + REQUEST_AHEAD_MS;

interface Generations {
  current: Set<string>;
  previous: Set<string>;
}

/** The state, changed in place. */
export interface NonceMemory {
  readonly cap: number;
  bornMs: number;
  readonly safe: Generations;
  readonly other: Generations;
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

/**
 * Takes a nonce (better: principal and nonce) that was verified. At the cap a safe call evicts the oldest safe nonce, and
 * any other is `full`, which fails closed.
 */
export const admitNonce = (
  memory: NonceMemory,
  nonce: string,
  isSafe: boolean,
  nowMs: number,
): NonceVerdict => {
  rotate(memory, nowMs);
  const seen = isSafe ? memory.safe : memory.other;
  if (seen.current.has(nonce) || seen.previous.has(nonce)) return "seen";
  if (seen.current.size + seen.previous.size >= memory.cap / 2) {
    if (!isSafe) return "full";
    evictOldest(seen);
  }
  seen.current.add(nonce);
  return "fresh";
};

const rotate = (memory: NonceMemory, nowMs: number): void => {
  const ageMs = nowMs - memory.bornMs;
  if (ageMs < GENERATION_MS) return;
  for (const seen of [memory.safe, memory.other]) {
    seen.previous = ageMs < 2 * GENERATION_MS ? seen.current : new Set();
    seen.current = new Set();
  }
  memory.bornMs = nowMs;
};

const evictOldest = (seen: Generations): void => {
  const oldest = seen.previous.size > 0 ? seen.previous : seen.current;
  const first = oldest.values().next();
  if (first.done !== true) oldest.delete(first.value);
};

const empty = (): Generations => ({ current: new Set(), previous: new Set() });
