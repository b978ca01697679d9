// Owns an object of the model that is a shard: what it holds, and what it heard of the root.
import { newDoor, type Door } from "../algorithms/breaker/door.ts";
import { newShard, type Shard } from "../algorithms/breaker/shard.ts";

/** A shard; changed in place. */
export interface Region {
  readonly name: string;
  readonly shard: Shard;
  readonly door: Door;
  /** As the root said last. */
  shards: number;
  calls: number;
  toldMs: number;
  isTelling: boolean;
  /** Who told it something before it knew whether the circuit is a tree. */
  readonly waiting: (() => void)[];
}

export const bornRegion = (name: string): Region => ({
  name,
  shard: newShard(name),
  door: newDoor(),
  shards: 0,
  calls: 0,
  toldMs: Number.NEGATIVE_INFINITY,
  isTelling: false,
  waiting: [],
});
