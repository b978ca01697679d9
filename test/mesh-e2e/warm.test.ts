// The warm path costs nothing but the call: no KV read, no extra invocation, at most one pulse per Worker and second.
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Mesh, paced, type Question, startProject } from "./mesh.ts";
import { CALLERS, splitOf } from "./project.ts";

const { calls, ms } = process.env["HEDDLE_LONG"]
  ? { calls: 10_000, ms: 20_000 }
  : { calls: 3000, ms: 6000 };

let mesh: Mesh;
beforeAll(async () => {
  mesh = await startProject("warm", [splitOf(50)]);
}, 60_000);
afterAll(async () => await mesh?.close());

/** By turns: who answers says who it was. */
const PATHS = ["/echo/", "/rpc/echo-methods/who?arg=", "/flaky/", "/rpc/vault-methods/who?arg="];

const questionOf = (index: number): Question => ({
  caller: CALLERS[index % CALLERS.length]!,
  path: PATHS[Math.floor(index / CALLERS.length) % PATHS.length]!,
});

/** Name of the callee that answered. */
async function callee(index: number): Promise<string> {
  const { status, body } = await mesh.ask(questionOf(index));
  expect(status, body).toBe(200);
  return body.startsWith("{") ? (JSON.parse(body) as { value: string }).value : body;
}

it(
  `makes ${calls} warm calls with as many invocations and nothing else`,
  { timeout: 90_000 },
  async () => {
    await paced(120, 1500, callee);
    await mesh.control("DELETE /dev/counters");
    const startMs = performance.now();
    const callees = await paced(calls, ms, callee);
    const seconds = (performance.now() - startMs) / 1000;
    const counters = await mesh.counters();

    const expected: Record<string, number> = {};
    const add = (name: string): void => {
      expected[name] = (expected[name] ?? 0) + 1;
    };
    for (const [index, name] of callees.entries()) {
      add(name);
      add(questionOf(index).caller!);
    }
    expect(Object.keys(expected)).toHaveLength(7);
    const seen = Object.entries(counters).filter(([name]) => name.startsWith("default/"));
    for (const [workload, { invocations, handlerRuns, kvReads, objectCalls }] of seen) {
      const count = expected[workload.slice("default/".length)];
      expect({ workload, invocations, handlerRuns, kvReads }).toEqual({
        workload,
        invocations: count,
        handlerRuns: count,
        kvReads: 0,
      });
      expect(objectCalls, workload).toBeLessThanOrEqual(Math.ceil(seconds));
    }
    const gateway = counters["heddle/gateway"];
    expect(gateway).toMatchObject({ invocations: calls, kvReads: 0 });
    expect(gateway?.objectCalls).toBeLessThanOrEqual(Math.ceil(seconds));
  },
);
