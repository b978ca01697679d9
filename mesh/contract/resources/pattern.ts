// Owns which regular expressions a route may hold. They run in every caller's isolate, on text an outsider sends, in an
// engine that backtracks; so what takes exponential time there is refused when it is written.
import { problem } from "./problem.ts";

/** No pattern is longer, in characters. */
const MAX_PATTERN_CHARS = 1024;

/** One escape, class, opening, choice or end of a group, quantifier, or other character. */
const TOKENS = /\\.|\[(?:\\.|[^\]\\])*\]|\(\??|[|)]|([*+?]|\{\d+(?:,\d*)?\})\??|./gs;

/** Why a pattern is refused, or null. It is matched whole, in JavaScript's syntax; `(?i)` at the beginning ignores case. */
export function patternProblem(value: string): string | null {
  if (value.length > MAX_PATTERN_CHARS) {
    return problem(
      `is a regular expression of more than ${MAX_PATTERN_CHARS} characters`,
      "Shorten it, or write several matches.",
    );
  }
  const pattern = value.replace(/^\(\?i\)/, "");
  if (!compiles(pattern)) {
    return problem(
      "is not a regular expression",
      "Write it in JavaScript's syntax; (?i) may stand at the beginning.",
    );
  }
  if (!repeatsWhatVaries(pattern)) return null;
  return problem(
    "repeats a group that holds a repetition or a choice, which can take exponential time to match",
    'Repeat a set of characters instead, such as "[a-z/]*" for "([a-z]+/)*", or write several matches.',
  );
}

function compiles(pattern: string): boolean {
  try {
    void new RegExp(`^(?:${pattern})$`, "s");
    return true;
  } catch {
    return false;
  }
}

/** Whether a group that can match one text in several ways may occur more than once, as in `(a+)*` and `(a|aa){9}`. */
function repeatsWhatVaries(pattern: string): boolean {
  /** Of each group that is open, whether it holds what varies so far; the whole pattern is the first. */
  const open = [false];
  const vary = (does: boolean): void => void (open[open.length - 1] ||= does);
  let before: Token = { does: "stand", varies: false };
  for (const [text, quantifier] of pattern.matchAll(TOKENS)) {
    const token = toToken(text, quantifier, open);
    if (token.does === "repeat" && before.varies) return true;
    vary(token.varies);
    before = token.does === "close" ? token : { does: "stand", varies: false };
  }
  return false;
}

/** What one token does, and whether it makes the group around it vary. */
interface Token {
  readonly does: "stand" | "close" | "repeat";
  readonly varies: boolean;
}

function toToken(text: string, quantifier: string | undefined, open: boolean[]): Token {
  if (quantifier !== undefined) return toRepeat(quantifier);
  if (text === ")") return { does: "close", varies: open.pop() ?? false };
  if (text.startsWith("(")) open.push(false);
  return { does: "stand", varies: text === "|" };
}

/** `a{3}` neither varies nor, unlike `a{2,3}`, can be matched in two ways; `a?` and `a{0,1}` repeat nothing. */
function toRepeat(quantifier: string): Token {
  if (quantifier === "?") return { does: "stand", varies: true };
  const [least = "", most = least] = quantifier.replaceAll(/[{}]/g, "").split(",");
  const isOnce = quantifier.startsWith("{") && most !== "" && Number(most) <= 1;
  return { does: isOnce ? "stand" : "repeat", varies: !/^\{\d+\}$/.test(quantifier) };
}
