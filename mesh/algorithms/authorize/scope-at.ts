// Owns which policies of a Worker hold at one of its entrypoints.
import type { PolicyChunk, PolicyScope } from "../../contract/policy.ts";

/** Those of the entrypoint (empty: default), else those of all; null where none selects it. */
export function scopeAt({ entrypoints }: PolicyChunk, entrypoint: string): PolicyScope | null {
  const name = Object.hasOwn(entrypoints, entrypoint) ? entrypoint : "*";
  return entrypoints[name] ?? null;
}
