// Owns which circuits a Pulse isolate knows to be trees, and how it tells them: each isolate's parts to its own shard.
import { TREE_MS, addressed } from "../../mesh/algorithms/breaker/shard.ts";
import { weatherOf } from "../../mesh/algorithms/retry/brake.ts";
import type { BreakerDelta, Verdict } from "../../mesh/contract/pulse.ts";
import type { CircuitWord, TakenPart } from "../../mesh/contract/state.ts";
import type { Clock } from "../clock.ts";

/** Trees remembered; past it the one heard of longest ago is forgotten, and called directly until it says so again. */
const MOST_TREES = 4096;
/** Who is told that a circuit is a tree, or none any more, tells it once more, the other way. */
const MOST_TURNS = 2;

type Parts = readonly TakenPart<BreakerDelta>[];

export interface Trees {
  /** As many shards as the circuit is known to have; 0: it is called directly. */
  shardsOf(circuit: string): number;
  /** Takes how many shards a circuit says it has. */
  heard(circuit: string, shards: number | undefined): void;
  /** Tells a circuit or its shards until all of it was taken; it throws where it was not, and it is to be told again. */
  tell(
    circuit: string,
    parts: Parts,
    merge: (name: string, parts: Parts) => Promise<CircuitWord>,
  ): Promise<Verdict>;
}

export function createTrees(clock: Clock): Trees {
  const trees = new Map<string, { readonly shards: number; readonly untilMs: number }>();

  const shardsOf = (circuit: string): number => {
    const tree = trees.get(circuit);
    return tree === undefined || clock.now() >= tree.untilMs ? 0 : tree.shards;
  };

  function heard(circuit: string, shards = 0): void {
    trees.delete(circuit);
    if (shards === 0) return;
    trees.set(circuit, { shards, untilMs: clock.now() + TREE_MS });
    const oldest = trees.size > MOST_TREES ? trees.keys().next() : null;
    if (oldest?.value !== undefined) trees.delete(oldest.value);
  }

  return {
    shardsOf,
    heard,
    async tell(circuit, parts, merge) {
      let left = parts;
      for (let turn = 0; turn < MOST_TURNS; turn++) {
        const shards = shardsOf(circuit);
        const told = [...addressed(circuit, left, shards)];
        const words = await Promise.all(told.map(([name, own]) => merge(name, own)));
        // Who says something else than it was called for took nothing.
        const other = words.find((word) => (word.shards ?? 0) !== shards);
        left = told.flatMap(([, own], at) => ((words[at]?.shards ?? 0) === shards ? [] : own));
        heard(circuit, other === undefined ? shards : other.shards);
        const newest = words.toSorted((one, next) => next.generation - one.generation)[0];
        if (left.length === 0 && newest !== undefined) return verdictOf(newest);
      }
      throw new Error(`${circuit} changes its shards`);
    },
  };
}

const verdictOf = (word: CircuitWord): Verdict => ({
  object: word.object,
  state: word.state,
  generation: word.generation,
  probeInMs: word.probeInMs,
  ...weatherOf(word),
});
