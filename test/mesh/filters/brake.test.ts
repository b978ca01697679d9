// Retries where the edge holds them back: what goes out all the same, what is told of the rest, and what a budget opens with.
import { describe, expect, it } from "vitest";
import { HEARD_MS } from "../../../mesh/algorithms/retry/brake.ts";
import { outbound } from "../../../mesh/chains/outbound.ts";
import { DEFAULTS } from "../../../mesh/contract/defaults.ts";
import type { Verdict } from "../../../mesh/contract/pulse.ts";
import { compose } from "../../../mesh/pipeline/filter.ts";
import { type Circuit, LEASE } from "../../../mesh/pipeline/isolate.ts";
import { call, everyPath, fake, service, type FakeOptions } from "./fake.ts";

const run = compose(outbound);
const ROUTE_RETRY = { ...DEFAULTS.retry, attempts: 3, codes: [503] };

const said = (name: string, more: Partial<Verdict>): Verdict => ({
  object: `breaker:default/${name}|default/${name}`,
  state: "closed",
  generation: 0,
  probeInMs: 0,
  ...more,
});
const braked = (name: string): Verdict => said(name, { isBraked: true });

interface Setting extends Partial<FakeOptions> {
  /** Written in a route to these. */
  readonly backends?: readonly string[];
  /** Circuits of these let nothing pass. */
  readonly open?: readonly string[];
  /** Whose attempts fail. Absent: all. */
  readonly failing?: readonly string[];
}

/** One call, by a route unless there are no backends: where its attempts went, and what circuits were told. */
async function ask(setting: Setting) {
  const { backends = ["callee"], open = [], failing = ["callee", "other"], ...options } = setting;
  const sent: string[] = [];
  const told: string[] = [];
  const names = ["callee", "other"];
  const ordered = backends.map((name) => ({ service: `default/${name}`, port: null, weight: 1 }));
  const table = everyPath({ backends: ordered, retry: ROUTE_RETRY });
  const routed = backends.length > 0 ? { producer: [{ port: null, table }] } : {};
  const circuit = (_of: string, endpoint: string): Circuit => ({
    object: endpoint,
    isClosed: () => !open.some((name) => endpoint === `default/${name}`),
    admit: () => LEASE.refused,
    good: () => void told.push(`${endpoint} good`),
    settle: (isOk, _isSlow, _lease, _ratio, { isRetry, isWithheld }) =>
      void told.push(
        `${endpoint} ${isOk}${isRetry === true ? " retry" : ""}${isWithheld === true ? " withheld" : ""}`,
      ),
  });
  const self = fake({
    services: names.map((name) => service(name, name === "callee" ? routed : {})),
    answering: Object.fromEntries(
      names.map((name) => [
        `default/${name}`,
        () => {
          sent.push(name);
          return new Response(null, { status: failing.includes(name) ? 503 : 200 });
        },
      ]),
    ),
    circuit,
    ...options,
  });
  const outcome = await run(call(self.isolate, "callee"));
  const status = outcome.kind === "answer" ? (outcome.value as Response).status : outcome.reason;
  return { status, sent, told, tokens: self.states.get("default/callee")?.budget.tokens };
}

describe("a circuit is told", () => {
  it("which attempts were retries, good ones too", async () => {
    const { told } = await ask({ backends: [], failing: [] });
    expect(told).toEqual(["default/callee good"]);
    expect((await ask({})).told).toEqual([
      "default/callee false",
      ...Array<string>(3).fill("default/callee false retry"),
    ]);
    let attempts = 0;
    const answering = {
      "default/callee": () => new Response(null, { status: attempts++ === 0 ? 503 : 200 }),
    };
    expect((await ask({ answering })).told).toEqual([
      "default/callee false",
      "default/callee true retry",
    ]);
  });
});

describe("while a destination is braked", () => {
  it("no retry goes to it, though a route writes it, and its circuit is told", async () => {
    const { status, sent, told } = await ask({ heard: [braked("callee")] });
    expect([status, sent]).toEqual([503, ["callee"]]);
    expect(told).toEqual(["default/callee false", "default/callee null withheld"]);
  });

  it("nor one by default, which keeps its token", async () => {
    const { sent, tokens } = await ask({ backends: [], heard: [braked("callee")], tokens: 2 });
    expect([sent, tokens]).toEqual([["callee"], 2]);
    expect((await ask({ backends: [], tokens: 2 })).tokens).toBe(1);
  });

  it("retries to others go out", async () => {
    const { sent } = await ask({ heard: [braked("other")] });
    expect(sent).toHaveLength(4);
  });

  it("what was refused unsent goes to it from another backend", async () => {
    const setting = { backends: ["callee", "other"], failing: [], open: ["callee"] };
    const { status, sent } = await ask({ ...setting, heard: [braked("other")] });
    expect([status, sent]).toEqual([200, ["other"]]);
  });

  it("the kill switch turns retries off as ever", async () => {
    const { sent, told } = await ask({ heard: [braked("callee")], bypassed: ["retry"] });
    expect(sent).toEqual(["callee"]);
    expect(told).toEqual(["default/callee false"]);
  });

  it("is not believed when nothing was heard for a minute", async () => {
    const heard = [braked("callee")];
    expect((await ask({ heard, heardAgoMs: HEARD_MS - 1 })).sent).toHaveLength(1);
    expect((await ask({ heard, heardAgoMs: HEARD_MS })).sent).toHaveLength(4);
  });
});

it("holds back by the brake of where the retry would go", async () => {
  const setting = { backends: ["callee", "other"], failing: ["callee", "other"] };
  for (const [at, name] of ["callee", "other"].entries()) {
    const { sent } = await ask({ ...setting, heard: [braked(name)] });
    // Which backend is first is drawn: it is never tried again with a braked one next.
    const last = sent.at(-1);
    expect(sent.slice(1)).not.toContain(name);
    expect(last === name && sent.length > 1, `${at}`).toBe(false);
  }
});

describe("a budget opens", () => {
  const FRESH = { backends: [], tokens: 0, isOpen: false };

  it("with a token, so that a fresh isolate masks its first blip", async () => {
    expect((await ask(FRESH)).sent).toHaveLength(2);
  });

  it.each([
    ["is rough", { isRough: true }],
    ["has an open circuit", { state: "open", generation: 1 }],
  ] as const)("with none where the destination %s", async (_what, more) => {
    expect((await ask({ ...FRESH, heard: [said("callee", more)] })).sent).toHaveLength(1);
    expect((await ask({ ...FRESH, heard: [said("other", more)] })).sent).toHaveLength(2);
  });
});
