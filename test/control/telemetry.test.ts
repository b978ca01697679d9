// What control makes of Telemetry's counts: golden signals by edge, and an exposition that Prometheus reads.
import { describe, expect, it } from "vitest";
import { effectiveDefaults } from "../../control/compile/effective-defaults.ts";
import { readMetrics } from "../../control/telemetry/metrics.ts";
import { readStat } from "../../control/telemetry/read.ts";
import { writeFamilies } from "../../control/telemetry/text-format.ts";
import { emptyHistogram, observeValue } from "../../mesh/algorithms/histogram/histogram.ts";
import { parseResource } from "../../mesh/contract/resources/parse.ts";
import { METRICS, type SeriesDelta } from "../../mesh/contract/telemetry.ts";
import { createTestControl, type TestControl } from "./test-control.ts";

function series(
  facet: SeriesDelta["facet"],
  outcomes: Readonly<Record<string, number>>,
  more: Partial<SeriesDelta> = {},
): SeriesDelta {
  const durations = emptyHistogram();
  const count = Object.values(outcomes).reduce((sum, one) => sum + one, 0);
  for (let index = 0; index < count; index++) observeValue(durations, 10 * (index + 1));
  const base = { facet, source: "default/front", endpoint: "", route: "", retries: 0, durations };
  return { ...base, outcomes: new Map(Object.entries(outcomes)), ...more };
}

let sequence = 0;
const tell = (control: TestControl, destination: string, ...list: readonly SeriesDelta[]) =>
  control.telemetry(destination).take([
    {
      workload: "default/front",
      isolate: "a",
      sequence: ++sequence,
      delta: { atMs: control.clock.now(), series: list },
    },
  ]);

async function meshWithCalls(): Promise<TestControl> {
  const control = await createTestControl();
  const worker = { apiVersion: "heddle.dev/v1", kind: "Service", namespace: "default" };
  const spec = { endpoints: [{ worker: "cart" }] };
  for (const name of ["cart", "idle"])
    await control.store.write([{ op: "put", ...worker, name, spec }], "test", false);
  control.clock.advance(1000);
  await tell(
    control,
    "default/cart",
    series("effective", { ok: 6, "5xx": 1, circuit_open: 2, client_abort: 1 }, { retries: 3 }),
    series("actual", { ok: 6, "5xx": 3, per_try_timeout: 1 }, { endpoint: "cart", retries: 3 }),
    series("inbound", { denied: 4 }),
    series("event", { "bypassed retry": 2, spans_dropped: 5 }),
  );
  control.clock.advance(10_000);
  return control;
}

const statFor = async (control: TestControl, query: Parameters<typeof readStat>[1]) => {
  const outcome = await readStat(control, query);
  if (!outcome.ok) throw new Error(`${outcome.problem.status} ${outcome.problem.detail}`);
  return outcome.value;
};

describe("golden signals", () => {
  it("say what callers saw and what endpoints did", async () => {
    const control = await meshWithCalls();
    const { services, edges, windowMs } = await statFor(control, {});
    expect(windowMs).toBe(60_000);
    expect(services).toHaveLength(1);
    expect(services[0]).toMatchObject({
      service: "default/cart",
      effective: { count: 10, errors: 3, success: 0.7, perSecond: 1, retries: 3 },
      actual: { count: 10, errors: 4, retries: 3, outcomes: { ok: 6, per_try_timeout: 1 } },
      refusals: { circuit_open: 2 },
      inbound: { denied: 4 },
    });
    expect(Math.round(services[0]?.effective?.p50Ms ?? 0)).toBe(50);
    expect(edges).toMatchObject([
      {
        source: "default/front",
        destination: "default/cart",
        endpoints: [{ endpoint: "cart", count: 10 }],
        routes: [{ route: "", count: 10 }],
      },
    ]);
  });

  it("are of the services and the time asked for", async () => {
    const control = await meshWithCalls();
    expect((await statFor(control, { service: "idle" })).services).toEqual([]);
    expect((await statFor(control, { service: "idle,default/cart" })).edges).toHaveLength(1);
    control.clock.advance(300_000);
    expect((await statFor(control, { window: "2m" })).services).toEqual([]);
    expect((await statFor(control, { window: "10m" })).services).toHaveLength(1);
    expect((await statFor(control, { window: "ever" })).services).toHaveLength(1);
    await expect(statFor(control, { window: "1d" })).rejects.toThrow(/400.*duration/);
    await expect(statFor(control, { window: "7h" })).rejects.toThrow(/400.*6h/);
    await expect(statFor(control, { service: "nobody" })).rejects.toThrow("404");
  });
});

/** Reads the text format 0.0.4 as strictly as its description has it. */
function parse(text: string): ReadonlyMap<string, number> {
  const types = new Map<string, string>();
  const samples = new Map<string, number>();
  expect(text.endsWith("\n")).toBe(true);
  for (const line of text.slice(0, -1).split("\n")) {
    const head = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/.exec(line);
    if (head !== null) {
      if (head[1] === "TYPE") {
        expect(types.has(head[2] ?? "")).toBe(false);
        types.set(head[2] ?? "", head[3] ?? "");
      }
      continue;
    }
    const sample =
      /^([a-zA-Z_:][\w:]*)\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\n"])*",?)*)\} ([-+\w.]+)$/.exec(
        line,
      );
    expect(sample, line).not.toBeNull();
    const [, name = "", labels = "", value = ""] = sample ?? [];
    const family = name.replace(/_(bucket|sum|count)$/, "");
    expect(types.get(name) ?? types.get(family), line).toBeDefined();
    expect(samples.has(`${name}{${labels}}`), line).toBe(false);
    samples.set(`${name}{${labels}}`, Number(value));
  }
  return samples;
}

describe("/metrics", () => {
  it("has every name, and counters that only rise", async () => {
    const control = await meshWithCalls();
    const text = await readMetrics(control);
    const before = parse(text);
    for (const name of Object.values(METRICS)) expect(text).toContain(`# TYPE ${name} `);
    const edge = 'source="default/front",destination="default/cart"';
    expect(before.get(`${METRICS.requests}{${edge},route="",outcome="ok"}`)).toBe(6);
    expect(before.get(`${METRICS.retries}{${edge},route="",endpoint="cart"}`)).toBe(3);
    expect(
      before.get(`${METRICS.refusals}{${edge},route="",side="outbound",reason="circuit_open"}`),
    ).toBe(2);
    expect(before.get(`${METRICS.refusals}{${edge},route="",side="inbound",reason="denied"}`)).toBe(
      4,
    );
    expect(before.get(`${METRICS.bypassed}{${edge},feature="retry"}`)).toBe(2);
    expect(before.get(`${METRICS.spansDropped}{${edge}}`)).toBe(5);
    const bucket = (le: string) => `${METRICS.requestDuration}_bucket{${edge},route="",le="${le}"}`;
    expect([
      before.get(bucket("0.05")),
      before.get(bucket("0.1")),
      before.get(bucket("+Inf")),
    ]).toEqual([5, 10, 10]);
    expect(before.get(`${METRICS.requestDuration}_sum{${edge},route=""}`)).toBeCloseTo(0.55);

    control.clock.advance(7 * 3_600_000);
    await tell(control, "default/cart", series("effective", { ok: 1 }));
    const after = parse(await readMetrics(control));
    for (const [sample, value] of before)
      if (!sample.startsWith(METRICS.reportAge))
        expect(after.get(sample)).toBeGreaterThanOrEqual(value);
    expect(after.get(`${METRICS.requests}{${edge},route="",outcome="ok"}`)).toBe(7);
  });

  it("has each sample once, whatever isolates name", async () => {
    const control = await meshWithCalls();
    const named = { endpoint: "made-up", route: "default/made-up" };
    await tell(
      control,
      "default/cart",
      series("effective", { circuit_open: 1 }, { endpoint: "made-up" }),
      series("inbound", { denied: 1 }, named),
      series("event", { "bypassed retry": 1, spans_dropped: 1, degraded: 1 }, named),
    );
    // The relay speaks for others; nobody is called what stands for nobody.
    const delta = {
      atMs: control.clock.now(),
      series: ["", "outside"].map((source) => series("effective", { ok: 1 }, { source })),
    };
    const reported = { workload: "heddle/relay", isolate: "r", sequence: 1, delta };
    await control.telemetry("default/cart").take([reported]);
    const text = await readMetrics(control);
    const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    const names = lines.map((line) => line.slice(0, line.lastIndexOf(" ")));
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
    const edge = 'source="default/front",destination="default/cart"';
    expect(parse(text).get(`${METRICS.bypassed}{${edge},feature="retry"}`)).toBe(3);
    const outside = 'source="outside",destination="default/cart",route=""';
    expect(parse(text).get(`${METRICS.requests}{${outside},outcome="ok"}`)).toBe(2);
  });

  it("escapes what would break a line", () => {
    const text = writeFamilies([
      {
        name: "x",
        type: "gauge",
        help: "a\\b\nc",
        samples: [{ labels: { l: 'q"\\\n' }, value: Number.POSITIVE_INFINITY }],
      },
    ]);
    expect(text).toBe('# HELP x a\\\\b\\nc\n# TYPE x gauge\nx{l="q\\"\\\\\\n"} +Inf\n');
    parse(text);
  });
});

describe("Mesh.spec.defaults", () => {
  const read = (defaults: object) =>
    parseResource({
      apiVersion: "heddle.dev/v1",
      kind: "Mesh",
      metadata: { name: "m" },
      spec: { defaults },
    });

  it.each([
    [{ tracing: { otlpUrl: "ftp://x/v1/traces" } }, "spec.defaults.tracing.otlpUrl"],
    [{ tracing: { otlpUrl: "https://me:secret@x/v1/traces" } }, "Leave user and password out"],
    [{ tracing: { sampling: 2 } }, "spec.defaults.tracing.sampling"],
    [{ tracing: { otlpURL: "https://x" } }, 'Did you mean "otlpUrl"?'],
    [{ accessLog: "everything" }, "spec.defaults.accessLog"],
  ])("refuses %j", (defaults, said) => {
    const reading = read(defaults);
    expect(reading.ok).toBe(false);
    expect(JSON.stringify(reading)).toContain(JSON.stringify(said).slice(1, -1));
    expect(JSON.stringify(reading)).not.toContain("secret@");
  });

  it("send no span unless there is a collector and a share of traces", () => {
    const otlpUrl = "https://otel.example/v1/traces";
    expect(effectiveDefaults({ tracing: { sampling: 0.5 } })).not.toHaveProperty("tracing");
    expect(effectiveDefaults({ tracing: { otlpUrl, sampling: 0 } })).not.toHaveProperty("tracing");
    expect(effectiveDefaults({ tracing: { otlpUrl } })).toMatchObject({
      tracing: { otlpUrl, sampling: 1 },
    });
    expect(effectiveDefaults({ accessLog: "all" })).toMatchObject({ accessLog: "all" });
    expect(effectiveDefaults({})).not.toHaveProperty("accessLog");
  });
});
