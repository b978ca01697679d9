// Retries, timeouts and the bulkhead as callers meet them.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, headerOf } from "../conformance/meshconf/answer.ts";
import { type Mesh, startProject } from "./mesh.ts";
import { CALLERS, routeOf, serviceOf } from "./project.ts";

let mesh: Mesh;
beforeAll(async () => {
  mesh = await startProject("retry", [
    serviceOf("vault", { bulkhead: { maxInFlight: 3 } }),
    // What is tried here would open any circuit.
    {
      apiVersion: "heddle.dev/v1",
      kind: "TrafficPolicy",
      metadata: { name: "no-breaker" },
      spec: {
        targetRefs: ["echo", "flaky", ...CALLERS].map((name) => ({ name })),
        breaker: { failureRatio: 0 },
      },
    },
    {
      apiVersion: "heddle.dev/v1",
      kind: "TrafficPolicy",
      metadata: { name: "bounds" },
      spec: {
        targetRefs: [{ name: "vault" }, { kind: "HTTPRoute", name: "echo" }],
        timeouts: { request: "900ms" },
        retry: { attempts: 2, backoff: "1ms" },
      },
    },
    routeOf(
      "echo",
      {
        matches: [{ path: { type: "PathPrefix", value: "/slow" } }],
        timeouts: { request: "400ms", backendRequest: "150ms" },
        backendRefs: [{ name: "echo", port: 80 }],
      },
      {
        matches: [{ path: { type: "PathPrefix", value: "/flaky" } }],
        retry: { attempts: 3, codes: [503], backoff: "1ms" },
        backendRefs: [{ name: "echo", port: 80 }],
      },
      { timeouts: { request: "200ms" }, backendRefs: [{ name: "echo", port: 80 }] },
    ),
  ]);
}, 60_000);
afterAll(async () => await mesh?.close());

const ask = (path: string, method = "GET", caller = "front"): Promise<Answer> =>
  mesh.ask({ caller, path, method });

const hits = async (service: string, key: string): Promise<number> =>
  Number((await ask(`/${service}/hits/${key}`)).body);

function expectProblem(answer: Answer, status: number, reason: string, flag: string): void {
  expect(answer.status, answer.body).toBe(status);
  expect(headerOf(answer, "content-type")).toBe("application/problem+json");
  expect(headerOf(answer, "proxy-status")).toMatch(/^heddle; error=\w+; details="/);
  expect(headerOf(answer, "proxy-status")).toContain(`details="${flag}"`);
  expect(JSON.parse(answer.body)).toMatchObject({
    type: `https://heddle.dev/problems/${reason}`,
    status,
    reason,
    title: expect.stringMatching(/^[A-Z]/) as string,
    traceId: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
  });
}

describe("retries", () => {
  it.each(["GET", "PUT", "DELETE", "OPTIONS"])("once by default for %s", async (method) => {
    expect(await ask(`/flaky/flaky/one-${method}?fail=1`, method)).toMatchObject({ status: 200 });
    expect(await hits("flaky", `one-${method}`)).toBe(2);
    // Ten successes more than fill the budget again.
    for (const _ of Array(10).keys()) await ask("/flaky/");
    expect(await ask(`/flaky/flaky/two-${method}?fail=2`, method)).toMatchObject({ status: 503 });
    expect(await hits("flaky", `two-${method}`)).toBe(2);
    for (const _ of Array(10).keys()) await ask("/flaky/");
  });

  it.each(["POST", "PATCH"])("never by default for %s", async (method) => {
    expect(await ask(`/flaky/flaky/no-${method}?fail=1`, method)).toMatchObject({ status: 503 });
    expect(await hits("flaky", `no-${method}`)).toBe(1);
  });

  it("stay within the budget when everything fails", async () => {
    for (const _ of Array(20).keys()) await ask("/flaky/", "GET", "other");
    for (const _ of Array(30).keys()) {
      const answer = await ask("/flaky/flaky/storm?fail=1000", "GET", "other");
      expect(answer.status).toBe(503);
    }
    // 3 tokens at most, each one retry.
    expect(await hits("flaky", "storm")).toBeLessThanOrEqual(33);
    expect(await hits("flaky", "storm")).toBeGreaterThan(30);
  });

  it("as often as a route says, whatever the method", async () => {
    expect(await ask("/echo/flaky/route?fail=3", "POST")).toMatchObject({ status: 200 });
    expect(await ask("/echo/flaky/route-more?fail=4")).toMatchObject({ status: 503 });
  });
});

describe("timeouts", () => {
  it("backendRequest ends a try, and the next one is made", async () => {
    expect(await ask("/echo/slow/20")).toMatchObject({ status: 200 });
    const startMs = performance.now();
    expectProblem(await ask("/echo/slow/350"), 504, "per_try_timeout", "UT");
    expect(performance.now() - startMs).toBeLessThan(600);
  });

  it("request ends the call", async () => {
    const startMs = performance.now();
    expectProblem(await ask("/echo/late/1000"), 504, "deadline_exceeded", "UMSDR");
    expect(performance.now() - startMs).toBeLessThan(500);
  });

  it("end an RPC call with an error", async () => {
    const { status, body } = await ask("/rpc/echo-methods/slow?arg=1000");
    expect(status).toBe(500);
    expect(JSON.parse(body)).toMatchObject({
      error: { name: "HeddleError", reason: "deadline_exceeded" },
    });
  });
});

describe("a policy for a service without routes", () => {
  it("repeats as often as it says, what may be sent twice and within the budget", async () => {
    for (const _ of Array(15).keys()) await ask("/vault/");
    expect(await ask("/vault/flaky/policy?fail=2")).toMatchObject({ status: 200 });
    expect(await hits("vault", "policy")).toBe(3);
    expect(await ask("/vault/flaky/posted?fail=1", "POST")).toMatchObject({ status: 503 });
    expect(await hits("vault", "posted")).toBe(1);
  });

  it("ends its calls, of methods too", async () => {
    expectProblem(await ask("/vault/late/5000"), 504, "deadline_exceeded", "UMSDR");
    const { body } = await ask("/rpc/vault-methods/slow?arg=5000");
    expect(JSON.parse(body)).toMatchObject({ error: { reason: "deadline_exceeded" } });
  });
});

describe("the bulkhead", () => {
  it("refuses what overflows it, and gives every place back", async () => {
    for (const _ of [1, 2]) {
      const { body } = await ask("/burst/8/vault/slow/100");
      const answers = JSON.parse(body) as [number, string][];
      const refused = answers.filter(([status]) => status !== 200);
      expect(refused).toHaveLength(5);
      expect(JSON.parse(refused[0]![1])).toMatchObject({ status: 503, reason: "overflow" });
    }
    const { body } = await ask("/burst/3/vault/slow/10");
    expect((JSON.parse(body) as [number, string][]).map(([status]) => status)).toEqual([
      200, 200, 200,
    ]);
  });
});
