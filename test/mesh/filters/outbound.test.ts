import { describe, expect, it } from "vitest";
import { outbound } from "../../../mesh/chains/outbound.ts";
import { compose } from "../../../mesh/pipeline/filter.ts";
import { DEFAULTS } from "../../../mesh/contract/defaults.ts";
import { call, everyPath, fake, get, scope, service, type Fake, type FakeOptions } from "./fake.ts";
import type { OutboundCall } from "../../../mesh/pipeline/call.ts";

const run = compose(outbound);
const ok = (): Response => new Response("ok");
const status = (code: number) => (): Response => new Response(null, { status: code });

async function send(
  options: FakeOptions,
  more: Partial<OutboundCall> = {},
  to = "callee",
): Promise<{ status: number; body: string; reason: unknown; self: Fake; sent: OutboundCall }> {
  const self = fake(options);
  const sent = call(self.isolate, to, more);
  const outcome = await run(sent);
  if (outcome.kind !== "answer") throw new Error(`${outcome.kind}: ${outcome.reason}`);
  const response = outcome.value as Response;
  return { status: response.status, body: await response.text(), reason: sent.reason, self, sent };
}

const callee = { services: [service("callee")], answering: { "default/callee": ok } };

describe("the way out", () => {
  it("reaches a service that has no route", async () => {
    const { status: code, body, self } = await send(callee);
    expect([code, body]).toEqual([200, "ok"]);
    expect(self.attempts).toMatchObject([
      { destination: "default/callee", endpoint: "default/callee", reason: null, isRetry: false },
    ]);
    expect(self.records).toMatchObject([
      { destination: "default/callee", status: 200, reason: null, attempts: 1, retries: 0 },
    ]);
  });

  it.each([
    ["a service that is not in the table", {}, "nobody", "unknown_service", 503],
    [
      "a call that is too late",
      { scope: scope({ deadlineMs: 1 }) },
      "callee",
      "deadline_exceeded",
      504,
    ],
    ["a call that went too deep", { scope: scope({ depth: 16 }) }, "callee", "loop_detected", 502],
  ] as const)("refuses %s", async (_, more, to, reason, code) => {
    const refused = await send(callee, more, to);
    expect(refused).toMatchObject({ status: code, reason });
    expect(JSON.parse(refused.body)).toMatchObject({ reason, status: code });
    expect(refused.self.attempts).toEqual([]);
  });

  it("refuses a port the service does not listen on", async () => {
    const options = { ...callee, services: [service("callee", { ports: [8080] })] };
    expect(await send(options)).toMatchObject({ status: 503, reason: "no_port" });
    expect(await send(options, { http: get("/", { port: 8080 }) })).toMatchObject({ status: 200 });
  });

  it("answers 404 where routes are attached and none matches, 500 for an invalid backend's share", async () => {
    const table = { rules: [], exact: {}, prefix: {}, regex: [] };
    const none = service("callee", { producer: [{ port: null, table }] });
    expect(await send({ ...callee, services: [none] })).toMatchObject({
      status: 404,
      reason: "no_route",
    });
    const backend = { service: "default/gone", port: null, weight: 1, invalid: true };
    const broken = service("callee", {
      producer: [{ port: null, table: everyPath({ backends: [backend] }) }],
    });
    expect(await send({ ...callee, services: [broken] })).toMatchObject({
      status: 500,
      reason: "invalid_backend",
    });
  });

  it("prefers the routes of the caller's namespace to the service's own", async () => {
    const to = (name: string) =>
      everyPath({ backends: [{ service: `default/${name}`, port: null, weight: 1 }] });
    const routed = service("callee", {
      producer: [{ port: null, table: to("theirs") }],
      consumer: { default: [{ port: null, table: to("ours") }] },
    });
    const options: FakeOptions = {
      services: [routed, service("theirs"), service("ours")],
      answering: {
        "default/theirs": () => new Response("theirs"),
        "default/ours": () => new Response("ours"),
      },
    };
    expect(await send(options)).toMatchObject({ body: "ours" });
    expect(await send(options, { source: "other/caller" })).toMatchObject({ body: "theirs" });
  });
});

describe("retry", () => {
  const flaky = (failures: number, code = 503): FakeOptions => ({
    services: [service("callee")],
    answering: {
      "default/callee": (_url, _init, attempt) => (attempt <= failures ? status(code)() : ok()),
    },
  });

  it("tries an idempotent call once more, after a back-off within its bound", async () => {
    const { status: code, self, sent } = await send(flaky(1));
    expect([code, sent.attempts]).toEqual([200, 2]);
    expect(self.slept).toHaveLength(1);
    expect(self.slept[0]).toBeLessThanOrEqual(DEFAULTS.retry.backoffBaseMs);
  });

  it.each([
    ["what is not idempotent", flaky(1), { http: get("/", { method: "POST" }) }],
    ["a status that is none of the codes", flaky(1, 500), {}],
    [
      "a body that cannot be sent again",
      flaky(1),
      { http: get("/", { method: "PUT", replayable: false }) },
    ],
    ["without a token of the budget", { ...flaky(1), tokens: 0 }, {}],
    ["without allowance of the call tree", flaky(1), { scope: scope({ allowance: 0 }) }],
    ["what the caller gave up", flaky(1), { http: get("/", { signal: AbortSignal.abort() }) }],
    ["under the kill switch", { ...flaky(1), bypassed: ["retry"] }, {}],
  ] as const)("does not retry %s", async (_, options, more) => {
    const { sent } = await send(options, more);
    expect(sent.attempts).toBe(1);
  });

  it("spends at most the budget and earns it back by success only", async () => {
    const self = fake(flaky(Number.POSITIVE_INFINITY));
    let attempts = 0;
    for (let index = 0; index < 50; index++) {
      const sent = call(self.isolate, "callee");
      await run(sent);
      attempts += sent.attempts;
    }
    expect(attempts).toBe(51);
  });

  it("takes the next backend first, and a route's own retry is bounded by its attempts", async () => {
    const backends = ["stable", "canary"].map((name) => ({
      service: `default/${name}`,
      port: null,
      weight: 1,
    }));
    const retry = { ...DEFAULTS.retry, attempts: 3, codes: [500] };
    const routed = service("callee", {
      producer: [{ port: null, table: everyPath({ backends, retry }) }],
    });
    const seen: string[] = [];
    const options: FakeOptions = {
      services: [routed, service("stable"), service("canary")],
      tokens: 0,
      answering: Object.fromEntries(
        ["stable", "canary"].map((name) => [
          `default/${name}`,
          () => {
            seen.push(name);
            return status(500)();
          },
        ]),
      ),
    };
    const { status: code } = await send(options);
    expect(code).toBe(500);
    expect(seen).toHaveLength(4);
    expect(new Set(seen.slice(0, 2)).size).toBe(2);
  });

  it("proves once more from the seed when the callee lacks the epoch, and calls that one try", async () => {
    const unknown = (): Response =>
      new Response(null, { status: 401, headers: { "heddle-reason": "unknown_epoch" } });
    const { status: code, sent } = await send({
      services: [service("callee")],
      answering: { "default/callee": (_url, _init, attempt) => (attempt === 1 ? unknown() : ok()) },
    });
    expect([code, sent.attempts, sent.isSeed]).toEqual([200, 1, true]);
  });
});

describe("what an attempt holds", () => {
  it("is given back whether it answers, fails or throws", async () => {
    for (const answering of [ok, status(500), () => Promise.reject(new Error("boom"))]) {
      const self = fake({
        services: [service("callee")],
        answering: { "default/callee": answering },
      });
      await run(call(self.isolate, "callee", { http: get("/", { method: "POST" }) }));
      const state = self.states.get("default/callee");
      expect([state?.inFlight, state?.loads.get("default/callee")?.inFlight]).toEqual([0, 0]);
    }
  });

  it("is bounded by the bulkhead, unless its kill switch is on", async () => {
    const full = { ...callee, services: [service("callee", { maxInFlight: 0 })] };
    expect(await send(full)).toMatchObject({ status: 503, reason: "overflow" });
    expect(await send({ ...full, bypassed: ["limit"] })).toMatchObject({ status: 200 });
  });
});

describe("cohort and split", () => {
  const backends = [
    { service: "default/stable", port: null, weight: 90 },
    { service: "default/canary", port: null, weight: 10 },
  ];
  const options: FakeOptions = {
    services: [
      service("callee", { producer: [{ port: null, table: everyPath({ backends }) }] }),
      service("stable"),
      service("canary"),
    ],
    answering: {
      "default/stable": () => new Response("stable"),
      "default/canary": () => new Response("canary"),
    },
  };

  it("draws a cohort once per scope and keeps to it", async () => {
    const shared = scope();
    const self = fake(options);
    const bodies = new Set<string>();
    for (let index = 0; index < 40; index++) {
      const outcome = await run(call(self.isolate, "callee", { scope: shared }));
      if (outcome.kind === "answer") bodies.add(await (outcome.value as Response).text());
    }
    expect(bodies.size).toBe(1);
    expect(shared.cohort).toMatch(/^[0-9a-f]{16}$/);
  });

  it("splits scopes by weight", async () => {
    const self = fake(options);
    let canary = 0;
    for (let index = 0; index < 2000; index++) {
      const outcome = await run(call(self.isolate, "callee", { scope: scope() }));
      if (outcome.kind === "answer" && (await (outcome.value as Response).text()) === "canary")
        canary += 1;
    }
    expect(canary).toBeGreaterThan(146);
    expect(canary).toBeLessThan(254);
  });
});
