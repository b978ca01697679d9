// Owns how a rule of a schema says two things in zod's one message: what is wrong, and how to mend it.

const SEPARATOR = "\n";

/** A message for a zod check: what is wrong with the value, and what to write instead. */
export const problem = (what: string, mend: string): string => `${what}${SEPARATOR}${mend}`;

/** Takes a message apart again; a message of zod's own has no mend. */
export function splitProblem(message: string): {
  readonly what: string;
  readonly mend: string | null;
} {
  const at = message.indexOf(SEPARATOR);
  if (at < 0) return { what: message, mend: null };
  return { what: message.slice(0, at), mend: message.slice(at + SEPARATOR.length) };
}
