// What a client writes into names and paths stays one value of one line, and no new label.
import { expect, it } from "vitest";
import { logLine } from "../../../mesh/platform/log-line.ts";
import type { CallRecord } from "../../../mesh/pipeline/isolate.ts";

const CALL: CallRecord = {
  side: "edge",
  source: "",
  destination: "",
  endpoint: "",
  route: "",
  status: 404,
  reason: "no_route",
  attempts: 1,
  retries: 0,
  durationMs: 1,
  traceId: "a".repeat(32),
  bypassed: [],
  detail: "",
};

it.each([
  'a\r\n{"side":"edge","status":200}',
  "\u001B[2Ja",
  'a","status":200,"x":"',
  "a\u2028b\u0000c",
  "x".repeat(100_000),
])("a detail of %j is one value of one line", (detail) => {
  const line = logLine({ ...CALL, detail }, false, 0);
  for (const control of ["\r", "\n", "\u001B", "\u0000"]) expect(line).not.toContain(control);
  const read = JSON.parse(line) as Record<string, unknown>;
  expect(read).toMatchObject({ status: 404, detail });
  const plain = JSON.parse(logLine({ ...CALL, detail: "a" }, false, 0)) as object;
  expect(Object.keys(read)).toEqual(Object.keys(plain));
});
