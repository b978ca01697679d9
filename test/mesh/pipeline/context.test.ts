import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CallContext } from "../../../mesh/contract/context.ts";
import {
  packContext,
  readTraceparent,
  rootContext,
  traceparent,
  unpackContext,
} from "../../../mesh/pipeline/context.ts";
import { classifyThrown } from "../../../mesh/pipeline/classify.ts";
import { stripHeaders } from "../../../mesh/pipeline/strip-headers.ts";

const NOW = 1_800_000_000_000;
const hex = (length: number): fc.Arbitrary<string> =>
  fc.string({
    unit: fc.constantFrom(...Array.from("0123456789abcdef")),
    minLength: length,
    maxLength: length,
  });
const word = fc.string({
  unit: fc.constantFrom(...Array.from("abcdefghijklmnop-_/0123456789")),
  maxLength: 40,
});

/** What a header may hold, the signs that divide the context among it. */
const carried = fc.string({ unit: fc.constantFrom(...Array.from("ab09=,;~|%2 ")), maxLength: 200 });

const contexts: fc.Arbitrary<CallContext> = fc.record({
  traceId: hex(32),
  spanId: hex(16),
  flags: fc.integer({ min: 0, max: 255 }),
  cohort: word,
  deadlineMs: fc.oneof(
    fc.constant(Number.POSITIVE_INFINITY),
    fc.integer({ min: NOW, max: NOW + 600_000 }),
  ),
  allowance: fc.integer({ min: -1, max: 100 }),
  priority: fc.integer({ min: 0, max: 3 }),
  depth: fc.integer({ min: 0, max: 20 }),
  invocations: fc.integer({ min: 0, max: 10_000 }),
  onBehalf: word,
  to: word,
  tracestate: carried,
  baggage: carried,
});

describe("the packed context", () => {
  it("comes back as it went", () => {
    fc.assert(
      fc.property(contexts, (context) => {
        expect(unpackContext(packContext(context, NOW), NOW)).toMatchObject(context);
      }),
    );
  });

  it("is read in a later format with more fields", () => {
    fc.assert(
      fc.property(contexts, word, (context, more) => {
        const later = `7${packContext(context, NOW).slice(1)}~${more}`;
        expect(unpackContext(later, NOW)?.traceId).toBe(context.traceId);
      }),
    );
  });

  it("carries a deadline as time left, so that clocks need not agree", () => {
    const context = { ...rootContext(() => 0.5), deadlineMs: NOW + 250 };
    expect(unpackContext(packContext(context, NOW), 5000)?.deadlineMs).toBe(5250);
    expect(unpackContext(packContext(context, NOW + 400), 5000)?.deadlineMs).toBe(5000);
  });

  it("is null for anything else, and never throws", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 3000 }), (text) => {
        const read = unpackContext(text, NOW);
        expect(read === null || /^[1-9]\d{0,3}~/.test(text)).toBe(true);
      }),
    );
    const good = packContext(
      rootContext(() => 0.5),
      NOW,
    );
    for (let cut = 0; cut < good.length - 1; cut++) {
      const fields = good.slice(0, cut).split("~").length;
      if (fields < 10) expect(unpackContext(good.slice(0, cut), NOW)).toBeNull();
    }
    expect(unpackContext(`${good}${"x".repeat(9000)}`, NOW)).toBeNull();
  });
});

describe("traceparent", () => {
  it("is written and read", () => {
    const context = rootContext(() => 0.3);
    expect(readTraceparent(traceparent(context))).toEqual({
      traceId: context.traceId,
      spanId: context.spanId,
      flags: 3,
    });
  });

  it.each([
    ["", "empty"],
    [`00-${"0".repeat(32)}-${"1".repeat(16)}-01`, "zero trace"],
    [`00-${"1".repeat(32)}-${"0".repeat(16)}-01`, "zero parent"],
    [`ff-${"1".repeat(32)}-${"1".repeat(16)}-01`, "version ff"],
    [`00-${"1".repeat(32)}-${"1".repeat(16)}-01-more`, "more in version 00"],
    [`00-${"A".repeat(32)}-${"1".repeat(16)}-01`, "upper case"],
  ])("%s is ignored (%s)", (text) => {
    expect(readTraceparent(text)).toBeNull();
  });
});

describe("a thrown error", () => {
  const attempt = {
    nowMs: NOW,
    deadlineMs: NOW + 10_000,
    attemptEndMs: NOW,
    isCallerAborted: false,
  };
  const timeout = new DOMException("late", "TimeoutError");
  it.each([
    ["our timer", timeout, attempt, "per_try_timeout"],
    ["our deadline", timeout, { ...attempt, deadlineMs: NOW }, "deadline_exceeded"],
    ["a timer of theirs", timeout, { ...attempt, attemptEndMs: NOW + 500 }, "upstream_threw"],
    ["the caller's abort", timeout, { ...attempt, isCallerAborted: true }, "client_abort"],
    [
      "overload",
      Object.assign(new Error("x"), { overloaded: true }),
      attempt,
      "upstream_overloaded",
    ],
    [
      "a reset object",
      Object.assign(new Error("x"), { durableObjectReset: true }),
      attempt,
      "upstream_reset",
    ],
    ["a lost connection", new Error("Network connection lost."), attempt, "upstream_reset"],
    ["a hung Worker", new Error("… your Worker's code had hung and …"), attempt, "upstream_hung"],
    [
      "retryable said by the callee",
      Object.assign(new Error("x"), { retryable: true }),
      attempt,
      "upstream_threw",
    ],
    ["no error at all", "text", attempt, "upstream_threw"],
    ["nothing", undefined, attempt, "upstream_threw"],
  ] as const)("of %s is classified", (_, error, about, reason) => {
    expect(classifyThrown(error, about)).toBe(reason);
  });
});

describe("headers from outside", () => {
  it("lose what speaks for the mesh, however it is spelled, and what Connection names", () => {
    const headers: Record<string, string> = {
      heddle: "forged",
      "heddle-reason": "denied",
      heddle_answer: "x",
      "x-heddle-caller": "admin",
      traceparent: "read before",
      tracestate: "read before",
      baggage: "a=b",
      x_heddle_caller: "admin",
      "cloudflare-workers-version-overrides": "a=b",
      connection: "keep-alive, x-secret",
      "x-secret": "1",
      "transfer-encoding": "chunked",
      accept: "text/html",
      "x-heddl": "not ours",
    };
    stripHeaders(headers);
    expect(headers).toEqual({ accept: "text/html", "x-heddl": "not ours" });
  });

  it("keep an upgrade", () => {
    const headers: Record<string, string> = { connection: "Upgrade", upgrade: "websocket" };
    stripHeaders(headers);
    expect(headers).toEqual({ connection: "Upgrade", upgrade: "websocket" });
  });
});
