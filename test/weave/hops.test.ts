// What a call carries over its hops: one trace, one cohort, a deadline that shrinks, a depth that ends.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { unpackContext } from "../../mesh/pipeline/context.ts";
import type { CallContext } from "../../mesh/contract/context.ts";
import { startCloth, type Cloth, type ClothWorker } from "./cloth.ts";
import { newestDate } from "./differences.ts";
import { counter, runsOf } from "./victims.ts";

const SOURCE = readFileSync(`${import.meta.dirname}/fixtures/hops.js`, "utf8");
const SINK = `export default { fetch: (request) => new Response(request.headers.get("heddle")) };`;
const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

const hop = (name: string): ClothWorker => ({
  name,
  source: SOURCE,
  exports: ["default", "Api", "Thing"],
  objects: { OBJECT: "Thing" },
  bindings: { RUNS: { type: "worker", worker: "runs" } },
  dials: {
    SINK: { to: "sink" },
    MID: { to: "mid" },
    MID_API: { to: "mid#Api" },
    SELF: { to: name },
    SELF_API: { to: `${name}#Api` },
  },
});

let cloth: Cloth;
const dir = mkdtempSync(path.join(tmpdir(), "hops-"));

beforeAll(async () => {
  cloth = await startCloth({
    compatibilityDate: newestDate(),
    isWoven: true,
    dir,
    // Something splits, so the edge draws a cohort.
    rewrite: (json) => ("splits" in json ? { ...json, splits: true } : json),
    workers: [
      hop("front"),
      hop("mid"),
      { name: "sink", source: SINK, exports: ["default"] },
      counter,
    ],
  });
}, 60_000);
afterAll(async () => {
  await cloth.close();
  rmSync(dir, { recursive: true, force: true });
});

const read = (envelope: string): CallContext | null =>
  unpackContext(envelope.split("|")[0] ?? "", 0);

test("one trace and one cohort run through fetch, RPC, objects and loopbacks", async () => {
  const response = await cloth.fetch("front", "http://front.example/", {
    headers: { traceparent: `00-${TRACE}-00f067aa0ba902b7-01`, cookie: "heddle-cohort=blue42" },
  });
  const seen = (await response.json()) as Record<string, string>;
  const contexts = Object.entries(seen).map(([way, envelope]) => [way, read(envelope)] as const);
  expect(contexts.length).toBeGreaterThan(15);
  expect(
    contexts
      .filter(([, context]) => context?.traceId !== TRACE || context.cohort !== "blue42")
      .map(([way]) => way),
  ).toEqual([]);
  const depths = Object.fromEntries(contexts.map(([way, context]) => [way, context?.depth]));
  expect(depths).toMatchObject({
    "after a pause": 1,
    fetch: 2,
    rpc: 2,
    target: 2,
    object: 2,
    "ctx.exports": 2,
    "object of the callee": 3,
    "ctx.exports of an object": 3,
  });
});

test("a cohort that was drawn here runs through all of them too", async () => {
  const seen = (await (await cloth.fetch("front", "http://front.example/")).json()) as object;
  const cohorts = Object.values(seen).map((envelope) => read(String(envelope))?.cohort);
  expect(cohorts[0]).toMatch(/^\w+$/);
  expect([...new Set(cohorts)]).toEqual([cohorts[0]]);
});

test("the deadline shrinks from hop to hop", async () => {
  const response = await cloth.fetch("front", "http://front.example/deadlines");
  const [mid, sink] = (await response.json()) as [string, string];
  const left = (envelope: string): number => read(envelope)?.deadlineMs ?? Number.NaN;
  expect(left(mid)).toBeLessThanOrEqual(15_000);
  expect(left(mid)).toBeGreaterThan(10_000);
  expect(left(sink)).toBeLessThanOrEqual(left(mid) - 35);
});

test("a loop ends after 16 hops, by fetch", async () => {
  const before = await runsOf(cloth);
  const response = await cloth.fetch("front", "http://front.example/loop");
  expect(response.status).toBe(502);
  expect(response.headers.get("proxy-status")).toContain("proxy_loop_detected");
  expect(await response.json()).toMatchObject({ reason: "loop_detected" });
  expect(await runsOf(cloth)).toBe(before + 16);
});

test("a loop ends after 16 hops, by RPC", async () => {
  const before = await runsOf(cloth);
  const text = await (await cloth.fetch("front", "http://front.example/loop-rpc")).text();
  expect(text).toMatch(/^HeddleError loop_detected/);
  expect(await runsOf(cloth)).toBe(before + 16);
});
