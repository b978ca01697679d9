// Spans as they leave: the form OTLP has, and an exporter that loses nothing it does not count.
import { describe, expect, it } from "vitest";
import { createExporter, MOST_SPANS, type ExporterPorts } from "../../../mesh/platform/exporter.ts";
import { SPAN_KIND, toOtlp, type Span } from "../../../mesh/platform/otlp.ts";
import { readOtlp } from "../otlp-schema.ts";

const span: Span = {
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  parentSpanId: "00f067aa0ba902b7",
  tracestate: "a=1",
  flags: 3,
  name: "GET",
  kind: SPAN_KIND.client,
  startMs: 1_800_000_000_001,
  endMs: 1_800_000_000_042,
  isError: true,
  attributes: {
    "http.request.method": "GET",
    "http.response.status_code": 503,
    nothing: undefined,
  },
};

describe("OTLP", () => {
  it("is what the protocol's JSON encoding says", () => {
    const root = { ...span, parentSpanId: "", tracestate: "", isError: false };
    const [first, second] = readOtlp(toOtlp({ "service.name": "cart" }, [span, root]));
    expect(first).toMatchObject({
      kind: 3,
      startTimeUnixNano: "1800000000001000000",
      endTimeUnixNano: "1800000000042000000",
      status: { code: 2 },
      attributes: { "http.request.method": "GET", "http.response.status_code": "503" },
      resource: { "service.name": "cart" },
    });
    expect(first?.attributes).not.toHaveProperty("nothing");
    expect(second).not.toHaveProperty("parentSpanId");
    expect(second?.status).toEqual({});
  });
});

type Reply =
  | number
  | "away"
  | { readonly rejectedSpans: string }
  | { readonly status: number; readonly retryAfter: string };

/** An exporter of numbers over a collector that answers as it is told; time passes while it waits. */
function collector(replies: readonly Reply[]) {
  const taken: number[][] = [];
  const askedMs: number[] = [];
  const counts = { spans: 0, spans_dropped: 0 };
  const kept: Promise<void>[] = [];
  let [nowMs, asked] = [0, 0];
  const ports: ExporterPorts = {
    now: () => nowMs,
    sleep: async (ms) => void (nowMs += ms),
    post: async (_url, body) => {
      askedMs.push(nowMs);
      const reply = replies[Math.min(asked++, replies.length - 1)] ?? 200;
      if (reply === "away") throw new TypeError("connection refused");
      if (typeof reply === "number" && reply >= 300) return new Response("no", { status: reply });
      if (typeof reply === "object" && "status" in reply)
        return new Response("no", {
          status: reply.status,
          headers: { "retry-after": reply.retryAfter },
        });
      taken.push(JSON.parse(body) as number[]);
      return Response.json(typeof reply === "number" ? {} : { partialSuccess: reply });
    },
    count: (event, spans) => void (counts[event] += spans),
  };
  const exporter = createExporter<number>((spans) => JSON.stringify(spans), ports);
  return {
    counts,
    taken,
    askedMs,
    pass: (ms: number) => void (nowMs += ms),
    asked: () => asked,
    add: (one: number) =>
      exporter.add(one, "http://collector/v1/traces", (work) => kept.push(work)),
    settle: async () => void (await Promise.all(kept.splice(0))),
  };
}

describe("the exporter", () => {
  it("sends what gathers as one batch, and large numbers as several", async () => {
    const one = collector([200]);
    for (let index = 0; index < 600; index++) one.add(index);
    await one.settle();
    expect(one.taken.map((batch) => batch.length)).toEqual([512, 88]);
    expect(one.counts).toEqual({ spans: 600, spans_dropped: 0 });
    one.add(600);
    await one.settle();
    expect(one.taken.at(-1)).toEqual([600]);
  });

  it("tries again while a collector is away or busy, and keeps what it could not send for later", async () => {
    const back = collector([503, "away", 429, 200]);
    back.add(1);
    await back.settle();
    expect(back.taken).toEqual([[1]]);
    const late = collector(["away", "away", "away", "away", 200]);
    late.add(1);
    await late.settle();
    expect([late.taken, late.asked()]).toEqual([[], 4]);
    late.add(2);
    await late.settle();
    expect(late.taken).toEqual([[1, 2]]);
    expect(late.counts).toEqual({ spans: 2, spans_dropped: 0 });
  });

  it.each([
    ["5", 5000],
    ["Thu, 01 Jan 1970 00:00:06 GMT", 5000],
    // Less than its own patience, or nothing that says a time.
    ["0", 1000],
    ["soon", 1000],
  ])("waits as long as a collector asks with Retry-After: %s", async (retryAfter, ms) => {
    const busy = collector([{ status: 429, retryAfter }, 200]);
    busy.add(1);
    await busy.settle();
    expect(busy.askedMs).toEqual([1000, 1000 + ms]);
    expect(busy.counts).toEqual({ spans: 1, spans_dropped: 0 });
  });

  it("leaves a collector alone that asks for longer than a sending may last, for five minutes at most", async () => {
    const closed = collector([
      { status: 503, retryAfter: "60" },
      { status: 503, retryAfter: "86400" },
      200,
    ]);
    const tellOne = async (ms: number): Promise<number> => {
      closed.pass(ms);
      closed.add(1);
      await closed.settle();
      return closed.asked();
    };
    expect(await tellOne(0)).toBe(1);
    expect(await tellOne(59_000)).toBe(1);
    expect(await tellOne(1000)).toBe(2);
    expect(await tellOne(298_000)).toBe(2);
    expect(await tellOne(2000)).toBe(3);
    expect(closed.taken).toEqual([[1, 1, 1, 1, 1]]);
    expect(closed.counts).toEqual({ spans: 5, spans_dropped: 0 });
  });

  it("holds a bounded number, and counts each span it gives up", async () => {
    const away = collector(["away", "away", "away", "away", 200]);
    for (let index = 0; index < MOST_SPANS + 10; index++) away.add(index);
    await away.settle();
    away.add(-1);
    await away.settle();
    expect(away.taken.flat().length).toBe(MOST_SPANS);
    expect(away.counts).toEqual({ spans: MOST_SPANS, spans_dropped: 11 });
  });

  it("counts what a collector refuses for good", async () => {
    const strict = collector([400, { rejectedSpans: "1" }]);
    strict.add(1);
    await strict.settle();
    strict.add(2);
    strict.add(3);
    await strict.settle();
    expect(strict.counts).toEqual({ spans: 1, spans_dropped: 2 });
  });
});
