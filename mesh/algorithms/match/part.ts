// Owns which part of a divided rule table may have the rule of a request.
import type { HostChunk } from "../../contract/gateway.ts";
import type { RuleTable } from "../../contract/rule.ts";
import { fnv } from "../hash/fnv.ts";
import type { MatchCall } from "./match.ts";

/** The first segment of a raw path, with its slash. */
export const firstSegment = (path: string): string => {
  const end = path.indexOf("/", 1);
  return end < 0 ? path : path.slice(0, end);
};

/** The part, from 0, of `parts`, of what a table is divided by: a first segment, or a header's value (null: none). */
export const partOf = (key: string | null, parts: number): number => fnv(key ?? "") % parts;

/** Ids of a chunk's parts: a text that is made anew is hashed anew by whoever looks it up. */
const ids = new WeakMap<HostChunk, string[]>();

/**
 * The table in which a request is looked up: that of the chunk `id`, or of the part of it that has the request's rules.
 * `chunk` answers null where there is none. A part that cannot be read is no table: what it guards is not passed by.
 */
export const hostTable = (
  chunk: (id: string) => HostChunk | null,
  id: string,
  { path, header }: Pick<MatchCall, "path" | "header">,
): RuleTable | null => {
  const whole = chunk(id);
  if (!whole?.parts) return whole && whole.table;
  const key = whole.by ? header(whole.by) : firstSegment(path);
  const part = partOf(key, whole.parts);
  let known = ids.get(whole);
  if (known === undefined) ids.set(whole, (known = []));
  return chunk((known[part] ??= `${id}#${part}`))?.table ?? null;
};
