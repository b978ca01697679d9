// Owns what is measured: matches by size and shape against rou3, compilation, a change, the first request of an isolate.
import { type Compiled, compile } from "../../control/compile/compile.ts";
import type { StoredResource } from "../../mesh/contract/state.ts";
import { firstRequest, SOURCES, type TableSource } from "./first.ts";
import {
  askedFor,
  type Asked,
  bytesFrom,
  type Find,
  manifestsOf,
  meshFind,
  numberOf,
  rou3Find,
  type Shape,
  SHAPES,
  storedFrom,
} from "./tables.ts";

const SMALL = 10;
const LARGE = 10_000;
/** Fresh isolates with each table. */
const ISOLATES = 30;
/** Matches in one timed stretch: the clock of CPU time may tick in steps of 4 ms. */
const STRETCH = 100_000;

/** Ratios of one shape. */
export interface ShapeReport {
  /** CPU of a match among many rules over one among few. */
  readonly growth: number;
  /** Over rou3's, both with many rules. */
  readonly overRou3: number;
  readonly nsPerMatch: number;
  /** CPU of a fresh isolate's first request with this table, more than with an empty one, by where it has it from. */
  readonly firstMs: Readonly<Record<TableSource, number>>;
}

export interface RouteReport {
  readonly rounds: number;
  readonly shapes: Readonly<Record<Shape, ShapeReport>>;
  /** Compiling over `JSON.parse` of the manifests. */
  readonly compileOverParse: number;
  readonly compileMs: number;
  /** Compiling after a change of one rule over compiling all. */
  readonly changeOverCompile: number;
  /** The same after a route of ten rules has got another hostname. */
  readonly moveOverCompile: number;
}

/** Runs everything; paired rounds, medians. */
export async function measureRoutes(
  rounds: number,
  log: (line: string) => void,
): Promise<RouteReport> {
  const shapes = {} as Record<Shape, ShapeReport>;
  for (const shape of SHAPES) {
    log(`shape ${shape}`);
    shapes[shape] = { ...measureShape(shape, rounds), firstMs: await measureFirst(shape) };
  }
  log("compilation");
  return { rounds, shapes, ...measureCompile(Math.max(5, Math.floor(rounds / 4))) };
}

async function measureFirst(shape: Shape): Promise<ShapeReport["firstMs"]> {
  const firstMs = { join: 0, kv: 0 };
  for (const source of SOURCES)
    firstMs[source] = round2(await firstRequest(shape, source, ISOLATES));
  return firstMs;
}

function measureShape(shape: Shape, rounds: number): Omit<ShapeReport, "firstMs"> {
  const bytes = bytesFrom(storedFrom(manifestsOf(shape, LARGE)));
  const small = meshFind(bytesFrom(storedFrom(manifestsOf(shape, SMALL))));
  const large = meshFind(bytes);
  const other = rou3Find(shape, LARGE);
  const few = requests(shape, SMALL);
  const many = requests(shape, LARGE);
  const numbered = meshFind(bytes, numberOf(shape));
  for (const asked of many)
    if (numbered(asked) !== other(asked))
      throw new Error(`they disagree about ${JSON.stringify(asked)}`);
  const growths: number[] = [];
  const ratios: number[] = [];
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const [a, b, c] = [time(small, few), time(large, many), time(other, many)];
    growths.push(b / a);
    ratios.push(b / c);
    times.push(b);
  }
  // What is never looked at might never be made.
  if (Number.isNaN(sink)) throw new Error("a match is no number");
  return {
    growth: round2(median(growths)),
    overRou3: round2(median(ratios)),
    nsPerMatch: Math.round((median(times) * 1e6) / STRETCH),
  };
}

/** As many different requests as a stretch has, in an order that no cache foresees. */
function requests(shape: Shape, rules: number): readonly Asked[] {
  let state = 1;
  return Array.from({ length: STRETCH }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return askedFor(shape, (state >>> 8) % rules);
  });
}

let sink = 0;

function time(find: Find, asked: readonly Asked[]): number {
  const began = cpuMs();
  for (const one of asked) sink += find(one);
  return cpuMs() - began;
}

function measureCompile(
  rounds: number,
): Pick<RouteReport, "compileOverParse" | "compileMs" | "changeOverCompile" | "moveOverCompile"> {
  const manifests = manifestsOf("prefixes", LARGE);
  const text = JSON.stringify(manifests);
  const resources = settled(storedFrom(manifests));
  const overParse: number[] = [];
  const compiles: number[] = [];
  const changes: readonly number[][] = CHANGES.map(() => []);
  for (let round = 0; round < rounds; round++) {
    const parse = timed(() => JSON.parse(text));
    // As they come from the store: objects nobody has seen before.
    const fresh = structuredClone(resources);
    let before: Compiled | undefined;
    const whole = timed(() => {
      before = compile({ resources: fresh, version: 1, previous: 0, nowMs: 1000 });
    });
    overParse.push(whole / parse);
    compiles.push(whole);
    for (const [at, change] of CHANGES.entries()) {
      const changed = structuredClone(resources).map((one, index) =>
        index === 100 * round + at + 2 ? withSpec(one, change) : one,
      );
      // Each from the whole: one from the other would be two changes, one of them back.
      const turn = { version: at + 2, previous: 1, nowMs: 2000 + at };
      const took = timed(() => compile({ resources: changed, ...turn }, before));
      changes[at]?.push(took / whole);
    }
  }
  return {
    compileOverParse: round2(median(overParse)),
    compileMs: Math.round(median(compiles)),
    changeOverCompile: round4(median(changes[0] ?? [])),
    moveOverCompile: round4(median(changes[1] ?? [])),
  };
}

type Spec = Readonly<Record<string, unknown>>;

/** What becomes of a route: a timeout of one of its rules, another hostname. */
const CHANGES: readonly ((spec: Spec) => Spec)[] = [
  (spec) => ({
    ...spec,
    rules: (spec["rules"] as readonly Spec[]).map((rule, at) =>
      at === 3 ? { ...rule, timeouts: { request: "3s" } } : rule,
    ),
  }),
  (spec) => ({ ...spec, hostnames: ["one.example", "other.example"] }),
];

function withSpec(one: StoredResource, change: (spec: Spec) => Spec): StoredResource {
  const { metadata, spec } = one;
  return { ...one, metadata: { ...metadata, resourceVersion: "changed" }, spec: change(spec) };
}

/** As the store has them after a publication: with versions and statuses. */
function settled(resources: readonly StoredResource[]): StoredResource[] {
  const versioned = resources.map((one, at) => ({
    ...one,
    metadata: { ...one.metadata, uid: `u${at}`, resourceVersion: String(at) },
  }));
  const { statuses } = compile({ resources: versioned, version: 1, previous: 0, nowMs: 0 });
  const byName = new Map(statuses.map(({ kind, name, status }) => [`${kind} ${name}`, status]));
  return versioned.map((one) => {
    const status = byName.get(`${one.kind} ${one.metadata.name}`);
    return status ? { ...one, status } : one;
  });
}

function timed(work: () => unknown): number {
  const began = cpuMs();
  work();
  return cpuMs() - began;
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const round2 = (value: number): number => Math.round(value * 100) / 100;
const round4 = (value: number): number => Math.round(value * 10_000) / 10_000;
