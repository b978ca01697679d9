// Reads JSON as strictly as a signature deserves: what two readers could take for two things is refused.

/** Deepest nesting that is read. */
const MAX_DEPTH = 32;

export type StrictJson =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly fault: "malformed" | "duplicate-member" | "too-deep" };

/**
 * Parses JSON text (RFC 8259); a member named twice anywhere (RFC 7515 section 4) and nesting deeper than 32 are
 * refused. Linear in the length of the text.
 */
export function parseStrictJson(text: string): StrictJson {
  if (depthOf(text) > MAX_DEPTH) return { ok: false, fault: "too-deep" };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, fault: "malformed" };
  }
  return hasDuplicates(text) ? { ok: false, fault: "duplicate-member" } : { ok: true, value };
}

/** Parses JSON that has to be an object. */
export function parseStrictObject(
  text: string,
): Readonly<Record<string, unknown>> | "malformed" | "duplicate-member" | "too-deep" {
  const read = parseStrictJson(text);
  if (!read.ok) return read.fault;
  return isObject(read.value) ? read.value : "malformed";
}

/** A JSON object: neither null nor an array. */
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The value of an own member; what a prototype has is no member. */
export const memberOf = (object: Readonly<Record<string, unknown>>, name: string): unknown =>
  Object.hasOwn(object, name) ? object[name] : undefined;

/** A string token, or one of the structural characters; numbers and words between them do not matter here. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:,]/gs;

function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === "{" || token === "[") deepest = Math.max(deepest, ++depth);
    else if (token === "}" || token === "]") depth -= 1;
  }
  return deepest;
}

/** Of text that is JSON: a string before a colon is a member's name, of the innermost object. */
function hasDuplicates(text: string): boolean {
  const open: (Set<string> | null)[] = [];
  let last = "";
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(null);
    else if (token === "}" || token === "]") open.pop();
    else if (token === ":") {
      // Two spellings of one name are one name: escapes are resolved first.
      const name = JSON.parse(last) as string;
      const names = open.at(-1);
      if (names?.has(name) === true) return true;
      names?.add(name);
    }
    last = token;
  }
  return false;
}
