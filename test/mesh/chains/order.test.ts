import { describe, expect, it } from "vitest";
import { edge } from "../../../mesh/chains/edge.ts";
import { inbound } from "../../../mesh/chains/inbound.ts";
import { outbound } from "../../../mesh/chains/outbound.ts";
import { orderViolations, type Chain } from "../../../mesh/pipeline/filter.ts";

const chains: readonly Chain<never>[] = [outbound, inbound, edge] as never;

describe("the chains", () => {
  it.each(chains.map((chain) => [chain.name, chain] as const))(
    "%s keeps every `after`",
    (_, chain) => {
      expect(orderViolations(chain)).toEqual([]);
    },
  );

  it.each(chains.map((chain) => [chain.name, chain] as const))(
    "%s reversed breaks them",
    (_, chain) => {
      const reversed = { ...chain, filters: [...chain.filters].reverse() };
      expect(orderViolations(reversed).length).toBeGreaterThan(chain.filters.length / 2);
    },
  );

  it("names each filter once and says why it stands where it stands", () => {
    for (const chain of chains) {
      const names = chain.filters.map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
      for (const filter of chain.filters) expect(filter.doc.length).toBeGreaterThan(20);
    }
  });

  it("has the edge end as the way out ends", () => {
    const tail = (chain: Chain<never>): readonly string[] => {
      const names = chain.filters.map(({ name }) => name);
      return names.slice(names.indexOf("cohort"));
    };
    expect(tail(edge as never)).toEqual(tail(outbound as never));
  });
});
