// W3C Trace Context, level 2: what the edge takes from a client and what comes out several hops later.
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import type { CallContext } from "../../../mesh/contract/context.ts";
import { packContext, traceparent, unpackContext } from "../../../mesh/pipeline/context.ts";
import type { Isolate } from "../../../mesh/pipeline/isolate.ts";
import { readTracestate } from "../../../mesh/pipeline/tracestate.ts";
import type { Expected } from "../../conformance/tracectx/check.ts";
import { edgeScope, serveOwn } from "../../../mesh/weave/outside.ts";

interface TraceCase {
  readonly id: string;
  readonly request_headers: readonly (readonly [string, string])[];
  readonly expect: Expected;
}

const FILE = path.resolve(
  import.meta.dirname,
  "../../../../shared/conformance/w3c/trace-context-cases.json",
);
const cases = existsSync(FILE)
  ? (JSON.parse(readFileSync(FILE, "utf8")) as { cases: readonly TraceCase[] }).cases
  : [];
if (cases.length === 0) console.log(`skipped: the W3C cases are not there (${FILE})`);

const isolate = {
  now: () => 0,
  random: Math.random,
  table: () => null,
  ready: () => undefined,
  record: () => undefined,
} as unknown as Isolate;

/** What a client's headers are after the edge and one hop: the context as the callee has it. */
function continued(headers: TraceCase["request_headers"]): CallContext {
  const given = new Headers();
  for (const [name, value] of headers) given.append(name, value);
  const request = new Request("http://front.test/", { headers: given });
  const { context } = edgeScope(isolate, request, { waitUntil: () => undefined });
  const next = { ...context, spanId: "00f067aa0ba902b7" };
  const arrived = unpackContext(packContext(next, 0), 0);
  if (arrived === null) throw new Error("the context does not survive a hop");
  return arrived;
}

const membersOf = (tracestate: string): string[] =>
  tracestate === "" ? [] : tracestate.split(",");

describe.skipIf(cases.length === 0)("the W3C cases", () => {
  it.each(cases.map((one) => [one.id, one] as const))(
    "%s",
    (_, { request_headers, expect: want }) => {
      const context = continued(request_headers);
      expect(traceparent(context)).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]$/);
      if (want.trace_id !== undefined) expect(context.traceId).toBe(want.trace_id);
      for (const id of want.trace_id_not ?? []) expect(context.traceId).not.toBe(id);
      for (const id of want.parent_id_not ?? []) expect(context.spanId).not.toBe(id);
      expectTracestate(membersOf(context.tracestate), want);
    },
  );
});

function expectTracestate(members: readonly string[], want: TraceCase["expect"]): void {
  const byKey = Object.fromEntries(
    members.map((one) => [one.slice(0, one.indexOf("=")), one.slice(one.indexOf("=") + 1)]),
  );
  expect(byKey).toMatchObject(want.tracestate ?? {});
  for (const key of want.tracestate_absent ?? []) expect(byKey).not.toHaveProperty([key]);
  if (want.tracestate_members !== undefined) expect(members).toHaveLength(want.tracestate_members);
  expect(members).toEqual(expect.arrayContaining([...(want.tracestate_contains ?? [])]));
  if (want.tracestate_order_as_sent === true) expect(members).toEqual(want.tracestate_contains);
  const any = want.tracestate_contains_any;
  if (any !== undefined) expect(members.some((one) => any.includes(one))).toBe(true);
}

const PARENT = ["traceparent", `00-${"12".repeat(16)}-${"34".repeat(8)}-03`] as const;

test.each([
  ["00", 0],
  ["01", 1],
  ["02", 2],
  ["03", 3],
  ["ff", 3],
])("of the flags %s the sampled and the random one go on", (text, flags) => {
  const parent = `00-${"12".repeat(16)}-${"34".repeat(8)}-${text}`;
  expect(continued([["traceparent", parent]]).flags).toBe(flags);
});

test("two headers are none, in a later version too", () => {
  const later = `cc-${"12".repeat(16)}-${"34".repeat(8)}-01-more`;
  expect(continued([["traceparent", later]]).traceId).toBe("12".repeat(16));
  const twice = continued([
    ["traceparent", later],
    ["traceparent", later],
  ]);
  expect(twice.traceId).not.toBe("12".repeat(16));
});

test("baggage of a client does not get in", () => {
  expect(continued([PARENT, ["baggage", "user=1"]]).baggage).toBe("");
});

test("a Worker with routes of its own sees the trace as it was read", async () => {
  const seen = async (headers: Record<string, string>): Promise<Headers> => {
    const request = new Request("http://own.test/", { headers });
    let got = request.headers;
    await serveOwn(isolate, request, { waitUntil: () => undefined }, async (handed) => {
      got = handed.headers;
      return new Response();
    });
    return got;
  };
  const good = await seen({ traceparent: PARENT[1], tracestate: "a=1, ,b=2", baggage: "user=1" });
  expect([...good]).toEqual([
    ["traceparent", PARENT[1]],
    ["tracestate", "a=1,b=2"],
  ]);
  const bad = await seen({ traceparent: "00-no", tracestate: "a=1", accept: "*/*" });
  expect(bad.get("traceparent")).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-03$/);
  expect([...bad.keys()]).toEqual(["accept", "traceparent"]);
});

describe("a tracestate", () => {
  const member = fc
    .tuple(
      fc.stringMatching(/^[a-z0-9][a-z0-9_*/@-]{0,20}$/),
      fc.stringMatching(/^[ -+\--<>-~]{0,20}[!-+\--<>-~]$/),
    )
    .map(([key, value]) => `${key}=${value}`);
  const lists = fc.uniqueArray(member, {
    maxLength: 20,
    selector: (one) => one.slice(0, one.indexOf("=")),
  });

  it("goes through any number of hops as it is, in order", () => {
    fc.assert(
      fc.property(lists, fc.constantFrom(",", " , ", "\t,", ",,"), (members, between) => {
        const read = readTracestate(members.join(between));
        expect(read).toBe(members.join(","));
        let context = continued([PARENT, ["tracestate", members.join(between)]]);
        for (let hop = 0; hop < 3; hop++)
          context = unpackContext(packContext(context, 0), 0) ?? context;
        expect(context.tracestate).toBe(read);
      }),
    );
  });

  it("is dropped whole for one bad member", () => {
    for (const bad of [
      "a",
      "=1",
      "A=1",
      "a=",
      "a=1=2",
      "a =1",
      "a=é",
      "@a=1",
      `${"a".repeat(257)}=1`,
    ])
      expect(readTracestate(`good=1,${bad}`), bad).toBe("");
  });

  it("is shortened by whole members: long ones first, from the end", () => {
    const short = Array.from({ length: 10 }, (_, index) => `s${index}=${"x".repeat(80)}`);
    const [long, longer] = [`l1=${"y".repeat(200)}`, `l2=${"y".repeat(200)}`];
    const read = readTracestate([short[0], long, longer, ...short.slice(1)].join(","));
    expect(read).toBe(short.join(","));
    const many = Array.from({ length: 32 }, (_, index) => `s${index}=${"x".repeat(80)}`);
    expect(readTracestate(many.join(","))).toBe(many.slice(0, 12).join(","));
  });
});

test("what a peer writes into a context cannot break the headers of a later call", () => {
  const packed = packContext(continued([PARENT]), 0);
  expect(unpackContext(`${packed}~a=1\r\nx: y~`, 0)).toMatchObject({ tracestate: "", baggage: "" });
  expect(unpackContext(`${packed}~%0d%7e%zz`, 0)?.tracestate).toBe("%0d~%zz");
});

test("what would make the context too long stays behind", () => {
  const context = { ...continued([PARENT]), tracestate: "a=1", baggage: `b=${"%".repeat(2000)}` };
  expect(unpackContext(packContext(context, 0), 0)).toMatchObject({
    tracestate: "a=1",
    baggage: "",
  });
});
