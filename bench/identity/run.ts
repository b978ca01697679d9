// `npm run bench -- identity [-o json]`. Prints ratios; absolute times mean nothing on a shared machine.
import { mkdirSync } from "node:fs";
import { startWorkerd, type BenchProcess } from "../hop/workerd.ts";
import { type BenchOptions, readOptions } from "../options.ts";
import { CALLS, pairsOf, type Case } from "./pairs.ts";
import type { Kind } from "./sides.ts";

const options = readOptions({
  name: "identity",
  about: "CPU of proofs, made and verified on both sides of a call, over the call itself unmeshed.",
  rounds: 40,
});

/** Median over rounds; null where nothing is asked. */
const BOUNDS = { session: 0.1, request: 0.65, body: null, wimse: null } as const;
type Proved = keyof typeof BOUNDS;
/** What a kind is paired with: the same call without any proof. */
const BARE: Readonly<Record<Proved, Kind>> = {
  session: "none",
  request: "none",
  body: "post",
  wimse: "none",
};
const SAYS: Readonly<Record<Proved, string>> = {
  session: "session",
  request: "request, with the answer's MAC",
  body: "request, with a body of 1 KiB covered",
  wimse: "identity token and RFC 9421 signature",
};
const KINDS = Object.keys(BOUNDS) as readonly Proved[];

/** Made and verified; and with what it takes to carry the headers. */
interface Figure {
  readonly median: number;
  readonly carried: number;
  readonly bound: number | null;
}

if (options !== null) await main(options);

async function main({ rounds, isJson }: BenchOptions): Promise<void> {
  const report = { ...(await measure(rounds)), rounds, callsPerRound: CALLS };
  const over = KINDS.filter(
    (kind) => report[kind].median > (report[kind].bound ?? Number.POSITIVE_INFINITY),
  );
  for (const kind of over) console.error(`${kind} is over its bound`);
  if (over.length > 0) process.exitCode = 1;
  if (!isJson) {
    console.log(`CPU over that of the unmeshed call, medians of ${rounds} paired rounds`);
    for (const kind of KINDS) {
      const { median, carried, bound } = report[kind];
      const limit = bound === null ? "" : `, at most ${bound}`;
      console.log(
        `  ${SAYS[kind].padEnd(40)}${median}${limit}  (its headers carried too: ${carried})`,
      );
    }
    return;
  }
  console.log(JSON.stringify(report));
}

async function measure(rounds: number): Promise<Record<Proved, Figure>> {
  const cases: readonly Case[] = [
    { name: "none", kind: "none", isHollow: false },
    { name: "post", kind: "post", isHollow: false },
    ...KINDS.flatMap((kind) => [
      { name: kind, kind, isHollow: false },
      { name: `${kind}-hollow`, kind, isHollow: true },
    ]),
  ];
  const dir = ".heddle/bench/identity";
  mkdirSync(dir, { recursive: true });
  const workers = await pairsOf(cases);
  const workerd = await startWorkerd(
    dir,
    workers,
    cases.map(({ name }) => `caller-${name}`),
  );
  try {
    return figuresOf(await sample(workerd, cases, rounds));
  } finally {
    await workerd.close();
  }
}

type Samples = ReadonlyMap<string, readonly number[]>;

async function sample(
  workerd: BenchProcess,
  cases: readonly Case[],
  rounds: number,
): Promise<Samples> {
  const samples = new Map<string, number[]>(cases.map(({ name }) => [name, []]));
  for (let round = -5; round < rounds; round++) {
    // Each round begins with another case, so that none always follows the same.
    const order = cases.map((_, index) => cases[(index * 3 + round + 5) % cases.length]);
    for (const one of order) {
      if (one === undefined) continue;
      const before = workerd.cpuUs();
      await workerd.ask(`caller-${one.name}`, "/loop");
      if (round >= 0) samples.get(one.name)?.push((workerd.cpuUs() - before) / CALLS);
    }
    if (round >= 0 && round % 10 === 9) console.error(`round ${round + 1} of ${rounds}`);
  }
  return samples;
}

function figuresOf(samples: Samples): Record<Proved, Figure> {
  const of = (name: string): readonly number[] => samples.get(name) ?? [];
  const overBare = (kind: Proved, from: readonly number[]): number => {
    const bare = of(BARE[kind]);
    return median(
      of(kind).map((us, round) => (us - (from[round] ?? Number.NaN)) / (bare[round] ?? Number.NaN)),
    );
  };
  const figure = (kind: Proved): Figure => ({
    median: overBare(kind, of(`${kind}-hollow`)),
    carried: overBare(kind, of(BARE[kind])),
    bound: BOUNDS[kind],
  });
  return {
    session: figure("session"),
    request: figure("request"),
    body: figure("body"),
    wimse: figure("wimse"),
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  return Math.round((sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN) * 1000) / 1000;
}
