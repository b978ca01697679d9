// What one hop through the mesh costs: CPU of the woven call over the same call unmeshed, paired in one process.
import { mkdirSync } from "node:fs";
import { NONCE_CAP } from "../../mesh/algorithms/replay/nonces.ts";
import { pairOf, type Case } from "./cloth.ts";
import { startWorkerd, type BenchProcess } from "./workerd.ts";

/** p10, median and maximum of paired ratios; `quiet` is the p10 of one over the p10 of the other. */
export interface Ratios {
  readonly quiet: number;
  readonly p10: number;
  readonly median: number;
  readonly max: number;
}

export interface HopReport {
  readonly fetch: Readonly<Record<string, { readonly cpuRatio: Ratios }>>;
  readonly rpc: Readonly<Record<string, { readonly cpuRatio: Ratios }>>;
  /** Microseconds of CPU per call, p10 and median: comparable within one run only. */
  readonly cpuUs: Readonly<Record<string, { readonly p10: number; readonly median: number }>>;
  /** Ratio lost by leaving one filter out, of the median at `session`. */
  readonly filters: Readonly<Record<string, { readonly fetch: number; readonly rpc: number }>>;
  /** What a warm call at `session` did beside the call itself, counted by the Workers at the other end. */
  readonly perCall: {
    readonly kvReads: number;
    readonly objectCalls: number;
    readonly invocations: number;
  };
  readonly rounds: number;
  /** Before them, and not counted. */
  readonly warmUpRounds: number;
  readonly callsPerRound: number;
}

export interface HopOptions {
  readonly rounds: number;
  readonly withFilters: boolean;
  readonly random: () => number;
  readonly log: (line: string) => void;
}

/** Filters without which a call still goes through; the others are the call. */
const OPTIONAL = [
  "outbound.observe",
  "outbound.deadline",
  "outbound.cohort",
  "outbound.retry",
  "outbound.cors",
  "outbound.transform",
  "outbound.mirror",
  "outbound.limit",
  "inbound.observe",
  "inbound.replay",
  "inbound.deadline",
] as const;
export const CALLS = 300;
/**
 * Rounds that are run and not counted: V8 has compiled the whole path only after about 20,000 calls (--trace-opt), and the
 * figure is of a warm call.
 */
export const WARM_UP_ROUNDS = 70;
/** Rounds after which a callee of level `request` has as many RPC proofs to remember as it does. */
export const MOST_ROUNDS = Math.floor(NONCE_CAP / 2 / CALLS) - WARM_UP_ROUNDS - 1;

/** A case of nothing but its level and what is left out. */
export const plainCase = (
  name: string,
  level: Case["level"],
  without: readonly string[] = [],
): Case => ({
  name,
  level,
  without,
  hasDeadline: false,
});

/** Runs the benchmark; every round takes all cases in random order, each once by fetch and once by RPC. */
export async function runHop(options: HopOptions): Promise<HopReport> {
  const leftOut = options.withFilters ? OPTIONAL : [];
  const cases: readonly Case[] = [
    plainCase("bare", null),
    plainCase("capability", "capability"),
    plainCase("session", "session"),
    plainCase("request", "request"),
    { ...plainCase("session-deadline", "session"), hasDeadline: true },
    ...leftOut.map((name, index) => plainCase(`without-${index}`, "session", [name])),
  ];
  const pairs = await Promise.all(cases.map(pairOf));
  const dir = ".heddle/bench/hop";
  mkdirSync(dir, { recursive: true });
  const workerd = await startWorkerd(
    dir,
    pairs.flat(),
    cases.map(({ name }) => `caller-${name}`),
  );
  try {
    const samples = await measure(workerd, cases, options);
    const perCall = await countCalls(workerd);
    return report(samples, cases, { leftOut, perCall, rounds: options.rounds });
  } finally {
    await workerd.close();
  }
}

/** Counts over ten loops of the warm `session` case; the ends of all its bindings keep the counts. */
async function countCalls(workerd: BenchProcess): Promise<HopReport["perCall"]> {
  const read = async (): Promise<readonly number[]> =>
    (await workerd.ask("caller-session", "/counts")).split(" ").map(Number);
  const before = await read();
  const loops = 10;
  for (let loop = 0; loop < loops; loop++) await workerd.ask("caller-session", "/fetch");
  const after = await read();
  const [kvReads = 0, objectCalls = 0, invocations = 0] = after.map((count, index) =>
    round3((count - (before[index] ?? 0)) / (loops * CALLS)),
  );
  return { kvReads, objectCalls: Math.round(objectCalls), invocations };
}

export type Samples = ReadonlyMap<string, number[]>;

/** CPU per call of each case and kind, µs; every round takes all in random order. */
export async function measure(
  workerd: BenchProcess,
  cases: readonly Case[],
  options: Pick<HopOptions, "rounds" | "random" | "log">,
): Promise<Samples> {
  const runs = orderOf(cases, options.random);
  const samples = new Map<string, number[]>(runs.map((run) => [run, []]));
  for (let round = -WARM_UP_ROUNDS; round < options.rounds; round++) {
    for (const run of orderOf(cases, options.random)) {
      const [name, kind] = run.split("/");
      const before = workerd.cpuUs();
      await workerd.ask(`caller-${name}`, `/${kind}`);
      const us = (workerd.cpuUs() - before) / CALLS;
      if (round >= 0) samples.get(run)?.push(us);
    }
    if (round === -1) options.log(`warm after ${WARM_UP_ROUNDS} rounds`);
    if (round >= 0 && round % 10 === 9) options.log(`round ${round + 1} of ${options.rounds}`);
  }
  return samples;
}

function report(
  samples: Samples,
  cases: readonly Case[],
  {
    leftOut,
    perCall,
    rounds,
  }: Pick<HopReport, "perCall" | "rounds"> & { leftOut: readonly string[] },
): HopReport {
  const ratio = (name: string, kind: string): Ratios => {
    const bare = samples.get(`bare/${kind}`) ?? [];
    const woven = samples.get(`${name}/${kind}`) ?? [];
    const paired = summarise(woven.map((us, index) => us / (bare[index] ?? Number.NaN)));
    return { quiet: round3(summarise(woven).p10 / summarise(bare).p10), ...paired };
  };
  const byName = (kind: string): Record<string, { cpuRatio: Ratios }> =>
    Object.fromEntries(
      cases
        .filter(({ level, without }) => level !== null && without.length === 0)
        .map(({ name }) => [name, { cpuRatio: ratio(name, kind) }]),
    );
  const share = (index: number, kind: string): number =>
    ratio("session", kind).median - ratio(`without-${index}`, kind).median;
  return {
    fetch: byName("fetch"),
    rpc: byName("rpc"),
    cpuUs: Object.fromEntries(
      [...samples].map(([run, values]) => {
        const { p10, median } = summarise(values);
        return [run, { p10, median }];
      }),
    ),
    filters: Object.fromEntries(
      leftOut.map((name, index) => [
        name,
        { fetch: share(index, "fetch"), rpc: share(index, "rpc") },
      ]),
    ),
    perCall,
    rounds,
    warmUpRounds: WARM_UP_ROUNDS,
    callsPerRound: CALLS,
  };
}

/** p10, median and maximum of paired figures. */
export function summarise(ratios: readonly number[]): Omit<Ratios, "quiet"> {
  const sorted = [...ratios].sort((left, right) => left - right);
  const at = (share: number): number =>
    round3(sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN);
  return { p10: at(0.1), median: at(0.5), max: at(1) };
}

export const round3 = (value: number): number => Math.round(value * 1000) / 1000;

/** One kind after the other, so that what is compared lies close in time; else in random order. */
const orderOf = (cases: readonly Case[], random: () => number): readonly string[] =>
  shuffled(["fetch", "rpc"], random).flatMap((kind) =>
    shuffled(
      cases.map(({ name }) => `${name}/${kind}`),
      random,
    ),
  );

function shuffled<T>(items: readonly T[], random: () => number): readonly T[] {
  const copy = [...items];
  for (let index = copy.length - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1));
    const [left, right] = [copy[index], copy[other]];
    if (left !== undefined && right !== undefined) [copy[index], copy[other]] = [right, left];
  }
  return copy;
}
