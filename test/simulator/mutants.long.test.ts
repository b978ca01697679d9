// What the simulator would catch: each mutant of the data plane breaks the invariant that is there for it.
import { afterEach, describe, expect, test, vi } from "vitest";
import type * as Machine from "../../mesh/algorithms/breaker/machine.ts";
import type * as Simulator from "../../mesh/simulator.ts";
import type { FaultName, InvariantName } from "../../mesh/simulator.ts";
import { drawSwarm } from "../../mesh/simulator/scenario/swarm.ts";

/** What one module says instead of its own. */
interface Change {
  readonly file: string;
  readonly mutate: (own: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;
}

interface Mutant extends Change {
  readonly what: string;
  readonly breaks: InvariantName;
  /** What would hide it, were it not away too; by itself its absence does not break the invariant. */
  readonly without?: Change;
  /** The weather that shows it. */
  readonly under: FaultName;
}

const NO_CIRCUIT: Change = {
  file: "../../mesh/algorithms/breaker/circuit.ts",
  mutate: () => ({ isClosed: () => true }),
};
const MUTANTS: readonly Mutant[] = [
  {
    what: "nonces are not remembered",
    file: "../../mesh/algorithms/replay/nonces.ts",
    mutate: () => ({ admitNonce: () => "fresh" }),
    breaks: "I2",
    under: "attack",
  },
  {
    what: "every method counts as idempotent",
    file: "../../mesh/algorithms/retry/idempotent.ts",
    mutate: () => ({ isIdempotent: () => true }),
    breaks: "I6",
    under: "callee-errors",
  },
  {
    what: "retries know no bound but the call tree's",
    file: "../../mesh/algorithms/retry/decide.ts",
    mutate: () => ({
      decideRetry: ({ status, allowance }: { status: number; allowance: number }) => ({
        verdict: status === 503 && allowance > 0 ? "retry" : "attempts",
        delayMs: 1,
      }),
    }),
    breaks: "I5",
    under: "callee-errors",
  },
  {
    what: "retries of an outage are free, and no circuit is there to end it",
    file: "../../mesh/algorithms/retry/budget.ts",
    mutate: () => ({ spendRetry: () => true }),
    without: NO_CIRCUIT,
    breaks: "I5",
    under: "callee-outage",
  },
  {
    what: "a session proof is good whatever its code says",
    file: "../../mesh/identity/session.ts",
    mutate: () => ({
      verifySession: (_: unknown, { subject, kid }: { subject: string; kid: string }) => ({
        ok: true,
        kind: "session",
        principal: subject,
        kid,
        degraded: false,
      }),
    }),
    breaks: "I1",
    under: "attack",
  },
  {
    what: "answers are not checked",
    file: "../../mesh/identity/request.ts",
    mutate: () => ({ verifyAnswer: () => ({ ok: true, digest: "-" }) }),
    breaks: "I3",
    under: "attack",
  },
  {
    what: "an open circuit gives out leases without end",
    file: "../../mesh/algorithms/breaker/machine.ts",
    mutate: (own) => {
      const { grantLease } = own as { grantLease: (...given: unknown[]) => number };
      return {
        grantLease: (...[breaker, policy, ...rest]: unknown[]) =>
          grantLease(breaker, { ...(policy as object), probes: 100 }, ...rest),
      };
    },
    breaks: "I8",
    under: "callee-outage",
  },
  {
    what: "a probe that reached the endpoint and says nothing of it gives its lease to another",
    file: "../../mesh/algorithms/breaker/machine.ts",
    mutate: (own) => {
      const { takeDelta } = own as typeof Machine;
      return {
        takeDelta: (...[breaker, caller, delta, ...rest]: Parameters<typeof takeDelta>) => {
          const probes = delta.probes.map((probe) => ({ ...probe, isUnused: true }));
          takeDelta(breaker, caller, { ...delta, probes }, ...rest);
        },
      };
    },
    breaks: "I8",
    under: "callee-throws",
  },
];

afterEach(() => {
  for (const { file, without } of MUTANTS) {
    vi.doUnmock(file);
    if (without !== undefined) vi.doUnmock(without.file);
  }
  vi.resetModules();
});

const CALLS = 18_000;

/** Seeds with a long spell of the weather, neither mild nor whole, and little else. */
const seedsUnder = (name: FaultName): readonly number[] =>
  Array.from({ length: 2000 }, (_, seed) => seed)
    .filter((seed) => {
      const { faults } = drawSwarm(seed, CALLS);
      const isLong = faults.some(
        ({ name: other, fromMs, untilMs, share }) =>
          other === name && untilMs - fromMs > 21_000 && share > 0.28 && share < 0.4,
      );
      return isLong && faults.length < 8;
    })
    .slice(0, 8);

/** The invariants that are broken with these changes in `most` seeds, until the one to be broken is among them. */
async function brokenBy(
  changes: readonly Change[],
  { under, breaks: wanted }: Pick<Mutant, "under" | "breaks">,
  most = Infinity,
): Promise<ReadonlySet<InvariantName>> {
  vi.resetModules();
  for (const { file, mutate } of changes)
    vi.doMock(file, async (importOriginal) => {
      const own = await importOriginal<Record<string, unknown>>();
      return { ...own, ...mutate(own) };
    });
  const simulator: typeof Simulator = await import("../../mesh/simulator.ts");
  const found = new Set<InvariantName>();
  for (const seed of seedsUnder(under).slice(0, most)) {
    const { violations } = await simulator.runSeed(seed, CALLS);
    for (const { invariant } of violations) found.add(invariant);
    if (found.has(wanted)) break;
  }
  return found;
}

describe("a mutant is caught", () => {
  test.each(MUTANTS)("$what: $breaks", { timeout: 120_000 }, async (mutant) => {
    const { without, breaks } = mutant;
    const changes = without === undefined ? [mutant] : [mutant, without];
    expect([...(await brokenBy(changes, mutant))]).toContain(breaks);
  });

  test.each(MUTANTS.flatMap(({ without, ...rest }) => (without ? [{ ...rest, without }] : [])))(
    "not by what would have hidden it: $what",
    { timeout: 120_000 },
    async ({ without, ...mutant }) => {
      expect([...(await brokenBy([without], mutant, 2))]).not.toContain(mutant.breaks);
    },
  );
});
