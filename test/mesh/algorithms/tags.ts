// Names in the place of tags, two words each.
import {
  admitNonce,
  type NonceMemory,
  type NonceVerdict,
} from "../../../mesh/algorithms/replay/nonces.ts";

const WORD = 2 ** 30;

/** Takes a name: the same words for the same name, and other words for another. */
export function admit(
  memory: NonceMemory,
  name: string,
  isSafe: boolean,
  nowMs: number,
): NonceVerdict {
  let [first, second] = [7, 11];
  for (const char of name) {
    first = (first * 31 + char.charCodeAt(0)) % WORD;
    second = (second * 37 + char.charCodeAt(0)) % WORD;
  }
  return admitNonce(memory, first, second, isSafe, nowMs);
}
