// Owns what is measured: matches by size and shape against rou3, compilation, a change, the first request of an isolate.
import { type Compiled, compile } from "../../control/compile/compile.ts";
import type { StoredResource } from "../../mesh/contract/state.ts";
import {
  askedFor,
  type Asked,
  bytesFrom,
  type Find,
  manifestsOf,
  meshFind,
  rou3Find,
  type Shape,
  SHAPES,
  storedFrom,
} from "./tables.ts";

const SMALL = 10;
const LARGE = 10_000;
/** Matches in one timed stretch. */
const STRETCH = 20_000;

/** Ratios of one shape. */
export interface ShapeReport {
  /** CPU of a match among many rules over one among few. */
  readonly growth: number;
  /** Over rou3's, both with many rules. */
  readonly overRou3: number;
  readonly nsPerMatch: number;
  /** First request of a fresh isolate with this table, over one with an empty table, ms. */
  readonly firstMs: number;
}

export interface RouteReport {
  readonly rounds: number;
  readonly shapes: Readonly<Record<Shape, ShapeReport>>;
  /** Compiling over `JSON.parse` of the manifests. */
  readonly compileOverParse: number;
  readonly compileMs: number;
  /** Compiling after one change over compiling all. */
  readonly changeOverCompile: number;
}

/** Runs everything; paired rounds, medians. */
export function measureRoutes(rounds: number, log: (line: string) => void): RouteReport {
  const shapes = Object.fromEntries(
    SHAPES.map((shape) => {
      log(`shape ${shape}`);
      return [shape, measureShape(shape, rounds)];
    }),
  ) as Record<Shape, ShapeReport>;
  log("compilation");
  return { rounds, shapes, ...measureCompile(Math.max(5, Math.floor(rounds / 4))) };
}

function measureShape(shape: Shape, rounds: number): ShapeReport {
  const bytes = bytesFrom(storedFrom(manifestsOf(shape, LARGE)));
  const small = meshFind(bytesFrom(storedFrom(manifestsOf(shape, SMALL))));
  const large = meshFind(bytes);
  const other = rou3Find(shape, LARGE);
  const few = requests(shape, SMALL);
  const many = requests(shape, LARGE);
  for (const asked of many)
    if (large(asked) !== other(asked))
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
    firstMs: round2(firstRequest(bytes, askedFor(shape, 17))),
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

/** Median over fresh look-ups: chunks parsed and indexed by the first request. */
function firstRequest(bytes: ReadonlyMap<string, Uint8Array>, asked: Asked): number {
  const times = Array.from({ length: 30 }, () => {
    const find = meshFind(bytes);
    const began = cpuMs();
    sink += find(asked);
    return cpuMs() - began;
  });
  return median(times);
}

function measureCompile(
  rounds: number,
): Pick<RouteReport, "compileOverParse" | "compileMs" | "changeOverCompile"> {
  const manifests = manifestsOf("prefixes", LARGE);
  const text = JSON.stringify(manifests);
  const resources = settled(storedFrom(manifests));
  const overParse: number[] = [];
  const compiles: number[] = [];
  const changes: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const parse = timed(() => JSON.parse(text));
    // As they come from the store: objects nobody has seen before.
    const fresh = structuredClone(resources);
    let before: Compiled | undefined;
    const whole = timed(() => {
      before = compile({ resources: fresh, version: 1, previous: 0, nowMs: 0 });
    });
    overParse.push(whole / parse);
    compiles.push(whole);
    for (const [at, change] of CHANGES.entries()) {
      const changed = structuredClone(resources).map((one, index) =>
        index === 100 * round + at + 2 ? withSpec(one, change) : one,
      );
      const turn = { version: at + 2, previous: at + 1, nowMs: 1000 * at };
      const took = timed(() => {
        before = compile({ resources: changed, ...turn }, before);
      });
      changes.push(took / whole);
    }
  }
  return {
    compileOverParse: round2(median(overParse)),
    compileMs: Math.round(median(compiles)),
    changeOverCompile: round4(median(changes)),
  };
}

type Spec = Readonly<Record<string, unknown>>;

/** What becomes of a route: another hostname, a timeout of its rules. */
const CHANGES: readonly ((spec: Spec) => Spec)[] = [
  (spec) => ({ ...spec, hostnames: ["one.example", "other.example"] }),
  (spec) => ({
    ...spec,
    rules: (spec["rules"] as readonly Spec[]).map((rule) => ({
      ...rule,
      timeouts: { request: "3s" },
    })),
  }),
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
