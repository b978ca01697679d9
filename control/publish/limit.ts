// Owns how large a table may be: KV holds 25 MiB a value, an isolate, of 128, should not hold more than 8.
import type { Compiled } from "../compile/compile.ts";

const MAX_TABLE_BYTES = 8 * 1024 * 1024;

/** Why a table cannot be published, or null. */
export function tooLarge({ chunks }: Pick<Compiled, "chunks">): string | null {
  const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  if (bytes <= MAX_TABLE_BYTES) return null;
  const mib = (size: number): string => `${(size / 1024 / 1024).toFixed(1)} MiB`;
  return `The table has ${mib(bytes)}; one KV value takes ${mib(MAX_TABLE_BYTES)}. Remove routes, or split the mesh.`;
}
