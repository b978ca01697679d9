// The check itself can fail: what is not of the messages is seen.
import { expect, it } from "vitest";
import { expectOfficial } from "./otlp-official.ts";

const SPAN = {
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  name: "GET",
  kind: 3,
  startTimeUnixNano: "1800000000000000000",
  endTimeUnixNano: "1800000000000000001",
};

const requestOf = (more: object): string =>
  JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [{ ...SPAN, ...more }] }] }] });

it("takes a span as the messages have it", () => {
  expect(() => expectOfficial(requestOf({}))).not.toThrow();
});

it.each<[string, object]>([
  ["a field of another name", { start_time: "1" }],
  ["a kind by its name", { kind: "SPAN_KIND_CLIENT" }],
  ["a time as a number", { startTimeUnixNano: 1_800_000_000_000_000_000 }],
  ["a value of no kind", { attributes: [{ key: "a", value: { uintValue: "1" } }] }],
])("refuses %s", (_, more) => {
  expect(() => expectOfficial(requestOf(more))).toThrow();
});
