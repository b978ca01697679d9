// The breaker through the whole chain: what passes, what is refused, and what each attempt says of its endpoint.
import { describe, expect, it } from "vitest";
import { outbound } from "../../../mesh/chains/outbound.ts";
import { DEFAULT_BREAKER } from "../../../mesh/contract/defaults.ts";
import type { ServiceChunk } from "../../../mesh/contract/service.ts";
import type { BreakerPolicy } from "../../../mesh/contract/table.ts";
import type { OutboundCall } from "../../../mesh/pipeline/call.ts";
import { compose } from "../../../mesh/pipeline/filter.ts";
import { type Circuit, LEASE } from "../../../mesh/pipeline/isolate.ts";
import { judge } from "../../../mesh/pipeline/judge.ts";
import { answer, fail } from "../../../mesh/pipeline/outcome.ts";
import { type Answering, call, fake, service } from "./fake.ts";

const run = compose(outbound);

/** What a circuit was told, in order. */
type Told = string[];

/** Circuits that are open for the endpoints named, and answer a wish to pass with `lease`. */
function circuits(open: readonly string[], lease: number, told: Told) {
  return (ofService: string, endpoint: string, scope: string): Circuit => {
    const object = [ofService, endpoint, scope].filter((word) => word !== "").join("|");
    return {
      object,
      isClosed: () => !open.includes(endpoint),
      admit: () => (lease === LEASE.refused ? lease : Promise.resolve(lease)),
      good: () => void told.push(`${object} good`),
      settle: (isOk, isSlow, by) => void told.push(`${object} ${isOk} ${isSlow} ${by}`),
    };
  };
}

interface Setting {
  readonly open?: readonly string[];
  readonly lease?: number;
  readonly answering?: Answering;
  readonly chunk?: Partial<ServiceChunk>;
  readonly bypassed?: readonly string[];
  readonly attempts?: number;
  readonly more?: Partial<OutboundCall>;
}

async function ask(setting: Setting) {
  const { open = [], lease = LEASE.refused, chunk = {}, bypassed = [], attempts = 0 } = setting;
  const told: Told = [];
  const sent: string[] = [];
  const answering =
    (name: string): Answering =>
    (url, init, attempt) => {
      sent.push(name);
      return (setting.answering ?? (() => new Response(name)))(url, init, attempt);
    };
  const self = fake({
    services: [service("callee", chunk), service("other")],
    answering: { "default/callee": answering("callee"), "default/other": answering("other") },
    circuit: circuits(open, lease, told),
    bypassed,
    defaults: {
      retry: {
        attempts,
        codes: [503],
        backoffBaseMs: 0,
        backoffCapMs: 0,
        budgetRatio: 0,
        budgetCap: 0,
      },
    },
  });
  const outcome = await run(call(self.isolate, "callee", setting.more));
  const value = outcome.kind === "answer" ? (outcome.value as Response) : null;
  return { told, sent, status: value?.status, body: await value?.text() };
}

const OPEN = ["default/callee"];
const NAME = "default/callee|default/callee";

describe("a call", () => {
  it("passes a closed circuit, which hears that it ended well", async () => {
    expect(await ask({})).toMatchObject({ sent: ["callee"], told: [`${NAME} good`] });
  });

  it("is refused by an open one, and nothing is sent or said", async () => {
    const { body, ...rest } = await ask({ open: OPEN });
    expect(rest).toEqual({ sent: [], told: [], status: 503 });
    expect(JSON.parse(body!)).toMatchObject({ reason: "circuit_open" });
  });

  it("passes by a lease, whose number comes back with what became of it", async () => {
    expect(await ask({ open: OPEN, lease: 7 })).toMatchObject({
      sent: ["callee"],
      told: [`${NAME} true false 7`],
    });
    const bad = () => new Response(null, { status: 503 });
    expect((await ask({ open: OPEN, lease: 8, answering: bad })).told).toEqual([
      `${NAME} false false 8`,
    ]);
  });

  it("passes under the kill switch, and is not counted", async () => {
    expect(await ask({ open: OPEN, bypassed: ["breaker"] })).toMatchObject({
      sent: ["callee"],
      told: [],
    });
  });

  const split = {
    route: "default/r",
    index: 0,
    backends: ["callee", "other"].map((name) => ({
      service: `default/${name}`,
      port: null,
      weight: 1,
    })),
  };
  const order = (attempts: number) =>
    ask({ open: OPEN, attempts, more: { rule: split, cohort: "0" } });

  it("takes the next backend where an attempt more is allowed, else none", async () => {
    const tries = await Promise.all([order(1), order(1), order(1), order(1)]);
    for (const { sent, status } of tries)
      expect({ sent, status }).toEqual({ sent: ["other"], status: 200 });
  });
});

describe("what an attempt says of its endpoint", () => {
  it.each<[what: string, answering: Answering, told: string]>([
    ["a 500", () => new Response(null, { status: 500 }), "true false 0"],
    ["a 404", () => new Response(null, { status: 404 }), "good"],
    ["a 503", () => new Response(null, { status: 503 }), "false false 0"],
    ["an exception", () => Promise.reject(new Error("no")), "false false 0"],
    [
      "a refusal of the callee's mesh",
      () => new Response(null, { status: 503, headers: { "heddle-reason": "shed" } }),
      "null false 0",
    ],
    [
      "an answer that a mesh made further down",
      () => new Response(null, { status: 503, headers: { "proxy-status": "heddle; error=x" } }),
      "null false 0",
    ],
  ])("%s", async (_what, answering, told) => {
    expect((await ask({ answering })).told).toEqual([`${NAME} ${told}`]);
  });

  it.each<[name: string, exceptions: string[], isOk: boolean]>([
    ["Error", [], true],
    ["GatewayDown", ["GatewayDown"], false],
    ["Error", ["GatewayDown"], true],
  ])("%s thrown over RPC, where policy names %j", (name, exceptions, isOk) => {
    const error = Object.assign(new Error("thrown"), { name });
    const attempt = { isRpc: true, refusedThere: null, hadMs: 1000, exceptions };
    expect(judge(fail("upstream_threw", error), attempt)).toBe(isOk);
    expect(judge(fail("upstream_threw", error), { ...attempt, isRpc: false })).toBe(false);
    expect(judge(answer(1, 0), attempt)).toBe(true);
  });

  it("a deadline that left no time says nothing", () => {
    const attempt = { isRpc: false, refusedThere: null, exceptions: [] };
    const late = { kind: "refusal", reason: "deadline_exceeded", detail: "" } as const;
    expect(judge(late, { ...attempt, hadMs: 99 })).toBeNull();
    expect(judge(late, { ...attempt, hadMs: 100 })).toBe(false);
  });
});

describe("policies of a service", () => {
  const slow: BreakerPolicy = { ...DEFAULT_BREAKER, slowRatio: 1, slowMs: 0 };

  it("name the circuits of an endpoint, a method or a route of their own", async () => {
    const rule = {
      route: "default/r",
      index: 0,
      backends: [{ service: "default/callee", port: null, weight: 1 }],
    };
    const byRoute = await ask({
      chunk: { breakers: { "|default/r": DEFAULT_BREAKER } },
      more: { rule },
    });
    expect(byRoute.told).toEqual([`${NAME}|default/r good`]);
    const other = await ask({
      chunk: { breakers: { "|default/else": DEFAULT_BREAKER } },
      more: { rule },
    });
    expect(other.told).toEqual([`${NAME} good`]);
  });

  it("judge slow calls, where they say what is slow", async () => {
    const told = (await ask({ chunk: { breakers: { "default/callee": slow } } })).told;
    expect(told).toEqual([`${NAME} true false 0`]);
  });
});
