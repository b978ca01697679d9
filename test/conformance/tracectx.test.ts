// What a trace context case asks of a callback: what holds, what does not, and what nothing checks.
import { expect, it } from "vitest";
import { differences, type Expected, type Lines } from "./tracectx/check.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PARENT = "b7ad6b7169203331";
const parent = `00-${TRACE}-${PARENT}-03`;
const seen: Lines = [
  ["traceparent", parent],
  ["tracestate", "a=1, b=2"],
  ["tracestate", "c=x=y"],
];

it.each<[Expected, boolean]>([
  [{ trace_id: TRACE }, true],
  [{ trace_id: "1".repeat(32) }, false],
  [{ trace_id_not: [TRACE] }, false],
  [{ parent_id_not: [PARENT] }, false],
  [{ flags_bit_set: 2 }, true],
  [{ flags_bit_set: 4 }, false],
  [{ tracestate: { a: "1", c: "x=y" } }, true],
  [{ tracestate: { a: "2" } }, false],
  [{ tracestate_absent: ["d"] }, true],
  [{ tracestate_absent: ["b"] }, false],
  [{ tracestate_members: 3 }, true],
  [{ tracestate_members: 0 }, false],
  [{ tracestate_contains: ["b=2", "a=1"] }, true],
  [{ tracestate_contains: ["b=2", "a=1"], tracestate_order_as_sent: true }, false],
  [{ tracestate_contains: ["a=1", "b=2", "c=x=y"], tracestate_order_as_sent: true }, true],
  [{ tracestate_contains_any: ["b=1", "b=2"] }, true],
  [{ tracestate_contains_any: ["b=1"] }, false],
  [{ tracestate_empty_value_not_sent: true }, true],
  [{ parent_ids_distinct: 1, trace_ids_distinct: 1 }, true],
  [{ parent_ids_distinct: 2 }, false],
  [{ colour: "blue" } as Expected, false],
])("%j", (wanted, holds) => {
  expect(differences([seen], wanted, 1).length === 0).toBe(holds);
});

it.each<[string, Lines]>([
  ["none", []],
  ["two", [seen[0] ?? ["", ""], ["traceparent", parent]]],
  ["no trace id", [["traceparent", parent.replace(TRACE, "0".repeat(32))]]],
  ["no parent id", [["traceparent", parent.replace(PARENT, "0".repeat(16))]]],
  ["another version", [["traceparent", `01${parent.slice(2)}`]]],
])("a traceparent is exactly one and valid, not %s", (_, lines) => {
  expect(differences([lines], {}, 1)).toEqual(["not exactly one valid traceparent"]);
});

it("an empty value and a missing callback are told", () => {
  const empty: Lines = [
    ["traceparent", parent],
    ["tracestate", ""],
  ];
  const wanted = { tracestate_empty_value_not_sent: true };
  expect(differences([empty], wanted, 1)).toHaveLength(1);
  expect(differences([], {}, 1)).toEqual(["expected 1 callbacks, got 0"]);
});
