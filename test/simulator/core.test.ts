// The simulator's core stays small enough to be read in one sitting, and each of its parts does what it is there for.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { standInTime } from "../../mesh/simulator/core/ambient.ts";
import { Isolates } from "../../mesh/simulator/core/isolates.ts";
import { Replicated } from "../../mesh/simulator/core/kv.ts";
import { Machine, type Link } from "../../mesh/simulator/core/machine.ts";
import { ObjectHost } from "../../mesh/simulator/core/objects.ts";
import { START_MS } from "../../mesh/simulator/core/trace.ts";
import { Weather } from "../../mesh/simulator/core/weather.ts";
import { World } from "../../mesh/simulator/core/world.ts";

const CORE = path.join(import.meta.dirname, "../../mesh/simulator/core");
const PAGE = readFileSync(path.join(import.meta.dirname, "../../docs/simulator.md"), "utf8");
const LINK: Link = { sendMs: 10, replyMs: 20 };

const newWorld = (seed = 1): World => new World(seed, START_MS);
const sinceOf = (atMs: number): number => atMs - START_MS;

test("the core is at most 500 lines, and docs/simulator.md names each of its files", () => {
  const files = readdirSync(CORE, { recursive: true, encoding: "utf8" });
  const sources = files.filter((name) => name.endsWith(".ts"));
  const lines = sources.map((name) => readFileSync(path.join(CORE, name), "utf8").split("\n"));
  expect(lines.flatMap((own) => own.slice(1)).length).toBeLessThanOrEqual(500);
  expect(sources.filter((name) => !PAGE.includes(`\`${name}\``))).toEqual([]);
});

test("an isolate's clock stands still between I/O, and is off by its skew", async () => {
  const world = newWorld();
  const machine = new Machine(world, 1500);
  const seen: number[] = [];
  const restores = standInTime();
  machine.after(100, () => {
    seen.push(sinceOf(Date.now()));
    setTimeout(() => seen.push(sinceOf(Date.now())), 250);
    clearTimeout(setTimeout(() => seen.push(-1), 50));
  });
  world.after(200, () => seen.push(sinceOf(machine.now())));
  await world.run(START_MS + 1000);
  for (const restore of restores) restore();
  expect(seen).toEqual([1600, 1600, 1850]);
});

test("a question takes its way there and back, and fails if who was asked goes away or the answer does", async () => {
  const world = newWorld();
  const [from, to] = [new Machine(world), new Machine(world)];
  const heard: string[] = [];
  let works = 0;
  const ask = (what: string, link: Partial<Link>, work: () => unknown): void =>
    void from.ask(to, { ...LINK, ...link }, work).then(
      () => heard.push(`${what} ${sinceOf(world.nowMs)}`),
      (error: Error) => heard.push(`${what} ${sinceOf(world.nowMs)}: ${error.message}`),
    );
  ask("answered", {}, () => (works += 1));
  ask("twice", { sendMs: 11, isTwice: true }, () => (works += 1));
  ask("lost", { sendMs: 12, isReplyLost: true }, () => (works += 1));
  ask("down", { sendMs: 13, isDown: true }, () => (works += 1));
  ask("evicted", { sendMs: 14 }, () => new Promise(() => undefined));
  world.after(100, () => to.evict());
  await world.run(START_MS + 1000);
  const LOST = "Network connection lost.";
  expect(heard).toEqual([
    "answered 30",
    "twice 31",
    `lost 32: ${LOST}`,
    `down 33: ${LOST}`,
    `evicted 120: ${LOST}`,
  ]);
  expect(works).toBe(4);
});

test("a colo sees what was written a while later, and never something older again", async () => {
  const world = newWorld();
  const key = new Replicated(world, 1);
  key.write(2);
  const seen: (number | undefined)[] = [];
  for (let at = 0; at <= 130; at += 1)
    world.after(at * 500, () => seen.push(key.seenFrom(0, 0).at(-1)));
  await world.run(START_MS + 65_000);
  expect(seen[0]).toBe(1);
  expect(seen.at(-1)).toBe(2);
  expect(seen).toEqual(seen.toSorted((one = 0, other = 0) => one - other));
  expect(key.seenFrom(0, 65_001)).toEqual([1]);
});

test("a restart takes an object's memory and not what it stored", async () => {
  const world = newWorld();
  const host = new ObjectHost(world, (_, stored) => ({ stored, known: new Set<string>() }));
  const old = host.machine;
  host.memory.known.add("in memory");
  host.memory.stored.set("row", "stored");
  host.restart();
  expect(old.isGone).toBe(true);
  expect(host.machine.isGone).toBe(false);
  expect([...host.memory.known]).toEqual([]);
  expect(host.memory.stored.get("row")).toBe("stored");
});

test("an object does one thing at a time, and refuses what would wait for too long", async () => {
  const world = newWorld();
  const host = new ObjectHost(world, () => null);
  const from = new Machine(world);
  const done: Record<string, number[]> = { one: [], other: [] };
  let refused = 0;
  for (let question = 0; question < 600; question += 1)
    for (const object of ["one", "other"]) {
      if (object === "other" && question > 0) continue;
      const link = host.queue(object, { ...LINK, isDown: false });
      const work = (): unknown => done[object]?.push(sinceOf(world.nowMs));
      from.ask(host.machine, link, work).catch(() => (refused += 1));
    }
  await world.run(START_MS + 5000);
  expect(done["other"]).toEqual([12]);
  expect(done["one"]?.slice(0, 3)).toEqual([12, 14, 16]);
  expect([done["one"]?.length, done["one"]?.at(-1), refused]).toEqual([501, 1012, 99]);
  const after = host.queue("one", LINK);
  host.restart();
  expect([after.sendMs, host.queue("one", LINK).sendMs]).toEqual([12, 12]);
});

test("isolates serve until they are evicted, and then others are born", () => {
  const world = newWorld();
  const isolates = new Isolates(world, () => ({ machine: new Machine(world) }));
  const first = isolates.serving("default/cart", 0);
  expect(isolates.serving("default/cart", 1)).not.toBe(first);
  for (let at = 0; at < 10_000; at += 1) isolates.serving("default/cart", 0);
  expect(isolates.all()).toHaveLength(5);
  const gone: unknown[] = [];
  isolates.evict(1, (isolate) => gone.push(isolate));
  expect(gone).toHaveLength(5);
  expect(isolates.all()).toEqual([]);
  expect(isolates.serving("default/cart", 0)).not.toBe(first);
});

test("a fault holds in its interval, and is known to have held after it", async () => {
  const world = newWorld();
  const fault = { name: "rain", fromMs: 100, untilMs: 200, share: 0.5 } as const;
  const weather = new Weather<"rain" | "snow">(world, [fault]);
  const shares: number[] = [];
  for (const ms of [99, 100, 199, 200]) world.after(ms, () => shares.push(weather.felt("rain")));
  await world.run(START_MS + 300);
  expect(shares).toEqual([0, 0.5, 0.5, 0]);
  expect([...weather.fired]).toEqual([["rain", 2]]);
  expect(weather.held(["rain"], START_MS + 200)).toBe(true);
  expect(weather.held(["rain"], START_MS + 201)).toBe(false);
  expect(weather.held(["snow"], START_MS)).toBe(false);
});

test("the trace tells apart what happened otherwise, and keeps its last lines", async () => {
  const hashOf = async (seed: number, more: number): Promise<World> => {
    const world = newWorld(seed);
    for (let at = 0; at < 100; at += 1)
      world.after(world.random() * 1000, () => world.note("step", at, more));
    await world.run(START_MS + 1000);
    return world;
  };
  const { trace } = await hashOf(1, 0);
  expect((await hashOf(1, 0)).trace.hash).toBe(trace.hash);
  expect((await hashOf(1, 1)).trace.hash).not.toBe(trace.hash);
  expect((await hashOf(2, 0)).trace.hash).not.toBe(trace.hash);
  const times = trace.last.map(({ atMs }) => atMs);
  expect(times).toHaveLength(48);
  expect(times).toEqual(times.toSorted((one, other) => one - other));
});
