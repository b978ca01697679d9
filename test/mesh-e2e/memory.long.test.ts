// What requests say must not stay: hosts, paths, queries, traces and method names that were never seen before are thrown
// at two woven isolates, one of them also at its edge, and their heaps are read after a full collection.
import { createServer } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { pairOf } from "../../bench/hop/cloth.ts";
import { type BenchProcess, startWorkerd } from "../../bench/hop/workerd.ts";
import { heapOf } from "./heap.ts";

const CALLS = process.env["HEDDLE_LONG"] ? 100_000 : 10_000;
const AT_ONCE = 1000;
const WARM = 5 * AT_ONCE;
/** Of a whole isolate, its code and the runtime's own objects among it. */
const MOST_BYTES = 8 * 1024 * 1024;
/** 10,000 keys of a hundred bytes would be more than twice as much. */
const MOST_GROWTH = 400 * 1024;
const MOST_BATCHES = 3;
const isFlat = (growths: readonly number[]): boolean =>
  growths.some((bytes) => bytes < MOST_GROWTH);
const ISOLATES = ["caller-memory", "callee-memory"] as const;

const THROWER = `
const hex = (number, length) => number.toString(16).padStart(length, "0");
export default { async fetch(request, env) {
  const { pathname, searchParams } = new URL(request.url);
  if (pathname === "/up") return new Response("up");
  const from = Number(searchParams.get("from"));
  let good = 0;
  for (let i = from; i < from + Number(searchParams.get("count")); i++) {
    const url = i % 10 === 0 ? \`http://host-\${i}.example/method/m\${i}\` : \`http://host-\${i}.example/pass/\${i}/x-\${i}?q=\${i}\`;
    const headers = { traceparent: \`00-\${hex(i + 1, 32)}-\${hex(i + 1, 16)}-01\`, tracestate: \`a=\${i}\`, cookie: \`heddle-cohort=\${i}\`, [\`x-\${i}\`]: "1" };
    const answer = await env.CALLER.fetch(url, { headers });
    await answer.text();
    if (answer.status === 200) good++;
  }
  return new Response(String(good));
} };`;

let workerd: BenchProcess;
let inspectorPort: number;
beforeAll(async () => {
  const pair = await pairOf({
    name: "memory",
    level: "session",
    without: [],
    hasDeadline: true,
  });
  const thrower = {
    name: "thrower",
    modules: { "index.js": THROWER },
    services: { CALLER: { to: "caller-memory" } },
    texts: {},
  };
  inspectorPort = await freePort();
  const workers = [...pair, thrower];
  workerd = await startWorkerd(".heddle/e2e/memory", workers, ["thrower"], inspectorPort);
}, 30_000);
afterAll(async () => await workerd?.close());

it(
  `keeps nothing of ${CALLS} requests, no two of which are alike`,
  async () => {
    const callAll = async (first: number, count: number): Promise<void> => {
      for (let from = first; from < first + count; from += AT_ONCE)
        expect(await workerd.ask("thrower", `/?from=${from}&count=${AT_ONCE}`)).toBe(`${AT_ONCE}`);
    };
    const heaps = () => Promise.all(ISOLATES.map((name) => heapOf(inspectorPort, name)));
    // Until its code is compiled and what is loaded late is there.
    await callAll(0, WARM);
    // What is kept by request grows with every batch; what the engine makes of its code comes to an end.
    const growths: number[] = [];
    let before = await heaps();
    for (let batch = 0; batch < MOST_BATCHES && !isFlat(growths); batch++) {
      await callAll(WARM + batch * CALLS, CALLS);
      const after = await heaps();
      for (const [index, { all }] of after.entries())
        expect(all, ISOLATES[index]).toBeLessThan(MOST_BYTES);
      growths.push(Math.max(...after.map(({ used }, index) => used - before[index]!.used)));
      before = after;
    }
    expect(isFlat(growths), `grew by ${growths.join(", ")} bytes`).toBe(true);
  },
  process.env["HEDDLE_LONG"] ? 300_000 : 90_000,
);

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" ? (address?.port ?? 0) : 0));
    });
  });
