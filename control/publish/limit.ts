// Owns how large a table may be: what publishes it holds it some times over, of the 128 MiB that an isolate has, and reads
// what it is made of in one answer of 32 MiB.
import type { Compiled } from "../compile/compile.ts";

const MAX_TABLE_BYTES = 16 * 1024 * 1024;

/** Why a table cannot be published, or null. */
export function tooLarge({ chunks }: Pick<Compiled, "chunks">): string | null {
  const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  if (bytes <= MAX_TABLE_BYTES) return null;
  const mib = (size: number): string => `${(size / 1024 / 1024).toFixed(1)} MiB`;
  return `The table has ${mib(bytes)}; it may have ${mib(MAX_TABLE_BYTES)}. Remove routes, or split the mesh.`;
}
