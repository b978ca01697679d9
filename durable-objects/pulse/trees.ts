// Owns which circuits a Pulse isolate knows to be trees, and which of their shards it calls: of each the same, drawn once.
import { TREE_MS, shardName } from "../../mesh/algorithms/breaker/shard.ts";
import type { Clock } from "../clock.ts";

/** Trees remembered; past it the one heard of longest ago is forgotten, and called directly until it says so again. */
const MOST_TREES = 4096;

export interface Trees {
  /** The object to call for a circuit: itself or a shard. */
  nameOf(circuit: string): string;
  /** Takes how many shards a circuit says it has, if it says so. */
  heard(circuit: string, shards: number | undefined): void;
}

export function createTrees(clock: Clock): Trees {
  const trees = new Map<string, { readonly shards: number; readonly untilMs: number }>();
  // Drawn at its first use: there is no randomness before a request.
  let drawn: number | null = null;

  return {
    nameOf(circuit) {
      const tree = trees.get(circuit);
      if (tree === undefined || clock.now() >= tree.untilMs) return circuit;
      drawn ??= (clock.random(1)[0] ?? 0) / 256;
      return shardName(Math.floor(drawn * tree.shards), circuit);
    },
    heard(circuit, shards = 0) {
      if (shards === 0) return;
      trees.delete(circuit);
      trees.set(circuit, { shards, untilMs: clock.now() + TREE_MS });
      const oldest = trees.size > MOST_TREES ? trees.keys().next() : null;
      if (oldest?.value !== undefined) trees.delete(oldest.value);
    },
  };
}
