// The comparison rules of the Gateway API cases: answer, redirect, headers, status rows, shares.
import { describe, expect, it } from "vitest";
import type { Answer } from "./meshconf/answer.ts";
import type { CaseRequest, Expectation } from "./meshconf/case-file.ts";
import { compare } from "./meshconf/compare.ts";
import { compareShares } from "./meshconf/repeat.ts";
import { compareRow, type Observation } from "./meshconf/status.ts";

const echo = (over: Record<string, unknown> = {}, status = 200): Answer => ({
  status,
  headers: [["Content-Type", "application/json"]],
  body: JSON.stringify({
    path: "/a?b=c",
    host: "cloth.example",
    method: "GET",
    headers: { "x-many": ["one, two"], colour: ["red"] },
    namespace: "loom",
    service: "bobbin",
    pod: "bobbin-0a1b2c3d4-e5f60",
    ...over,
  }),
});

const check = (
  wanted: Expectation,
  answer: Answer,
  request: CaseRequest = { path: "/a", query: "b=c" },
): readonly string[] => compare(wanted, { request, scheme: "http", port: 80 }, answer);

describe("an answer", () => {
  it("holds when status, backend, namespace and forwarded request are as expected", () => {
    const forwarded = {
      method: "GET",
      host: "cloth.example",
      path: "/a",
      query: "b=c",
      headers: { Colour: "red", "X-Many": "one,two" },
      absent_headers: ["X-None"],
    };
    const wanted = { status: [200], backend: "bobbin", backend_namespace: "loom", forwarded };
    expect(check(wanted, echo())).toEqual([]);
  });

  it.each<[string, Expectation, Answer, RegExp]>([
    ["another status", { status: [404] }, echo(), /status: expected 404, got 200/],
    ["another backend", { backend: "spool" }, echo(), /backend: expected spool, got bobbin-/],
    ["no echo", { backend: "spool" }, { ...echo(), body: "no" }, /no echo: no/],
    ["another namespace", { backend_namespace: "x" }, echo(), /namespace: expected x, got loom/],
    ["a lost query", { forwarded: { path: "/a" } }, echo(), /path: expected \/a, got \/a\?b=c/],
    ["another host", { forwarded: { host: "x" } }, echo(), /host: expected x/],
    ["a header that is there", { forwarded: { absent_headers: ["COLOUR"] } }, echo(), /got red/],
    ["an echo where none may be", { reaches_backend: false }, echo(), /expected not reached/],
    ["an expectation nobody knows", { colour: 1 } as Expectation, echo(), /does not know/],
  ])("differs on %s", (_what, wanted, answer, line) => {
    expect(check(wanted, answer).join("\n")).toMatch(line);
  });

  it("takes 408 and 504 for each other", () => {
    expect(check({ status: [504] }, { status: 408, headers: [], body: "" })).toEqual([]);
    expect(check({ status: [408] }, { status: 504, headers: [], body: "" })).toEqual([]);
    expect(check({ status: [500] }, { status: 504, headers: [], body: "" })).not.toEqual([]);
  });

  it("looks at the forwarded request on 200 and 204 only, and never at what upstream does not assert", () => {
    const forwarded = { path: "/elsewhere" };
    expect(check({ forwarded }, { status: 404, headers: [], body: "" })).toEqual([]);
    const unasserted = { redirect_unasserted_upstream: { host: "x" } } as Expectation;
    expect(check(unasserted, echo())).toEqual([]);
  });

  it("compares response headers without case, blanks on request", () => {
    const answer: Answer = {
      status: 200,
      headers: [
        ["x-a", "1"],
        ["X-A", "2"],
        ["Methods", "GET,  PUT"],
      ],
      body: "",
    };
    const headers_one_of = { methods: ["GET,PUT", "PUT,GET"] };
    expect(check({ response: { headers: { "X-a": "1,2" } } }, answer)).toEqual([]);
    expect(check({ response: { headers_one_of, ignore_whitespace: true } }, answer)).toEqual([]);
    expect(check({ response: { absent_headers: ["x-A"] } }, answer)).toHaveLength(1);
    expect(check({ response: { headers_one_of: { none: ["1"] } } }, answer)).toHaveLength(1);
  });

  it("reads a gRPC status from the header, and 12 from a 404", () => {
    const wanted = { grpc_status: 12, http_status: [200, 404] };
    expect(check(wanted, { status: 404, headers: [], body: "" })).toEqual([]);
    expect(check(wanted, { status: 200, headers: [["Grpc-Status", "12"]], body: "" })).toEqual([]);
    expect(check(wanted, { status: 200, headers: [["Grpc-Status", "0"]], body: "" })).toHaveLength(
      1,
    );
    expect(check({ grpc_status: 0 }, echo())).toHaveLength(1);
  });
});

describe("a redirect", () => {
  const to = (location: string): Answer => ({
    status: 302,
    headers: [["Location", location]],
    body: "",
  });
  const request: CaseRequest = { path: "/from", host: "cloth.example" };

  it.each<[string, Expectation["redirect"] & {}, boolean]>([
    ["http://anywhere/from", {}, true],
    ["http://anywhere:80/from", {}, true],
    ["http://anywhere:8080/from", {}, false],
    ["https://anywhere/from", {}, false],
    ["http://anywhere/else", {}, false],
    ["https://a.example/from", { scheme: "https", host: "a.example" }, true],
    ["https://a.example:443/from", { scheme: "https", host: "a.example" }, true],
    ["http://b.example/from", { host: "a.example" }, false],
    ["http://a.example:8083/from", { port: "8083" }, true],
    ["http://a.example/from", { port: "8083" }, false],
    ["http://a.example/from?q=1", { port: 80 }, true],
    ["http://a.example/new", { path: "/new" }, true],
    ["/new", { path: "/new" }, true],
    ["nonsense", {}, false],
  ])("to %s against %j: %s", (location, redirect, holds) => {
    expect(check({ redirect }, to(location), request).length === 0).toBe(holds);
  });

  it("needs a Location, on 3xx only", () => {
    const bare: Answer = { status: 301, headers: [], body: "" };
    expect(check({ redirect: {} }, bare, request)).toHaveLength(1);
    expect(check({ redirect: {} }, { ...bare, status: 200 }, request)).toEqual([]);
  });
});

describe("a status row", () => {
  const parent = (accepted: string, reason: string, name = "selvage") => ({
    parentRef: { name },
    conditions: [{ type: "Accepted", status: accepted, reason, observedGeneration: 2 }],
  });
  const seen = (parents: readonly ReturnType<typeof parent>[], generation = 2): Observation => ({
    routes: [
      {
        kind: "HTTPRoute",
        metadata: { name: "r", namespace: "loom", generation },
        status: { parents },
      },
    ],
    gateways: [
      {
        kind: "Gateway",
        metadata: { name: "selvage", namespace: "loom" },
        status: {
          listeners: [
            { name: "a", attachedRoutes: 1 },
            { name: "b", attachedRoutes: 0 },
          ],
        },
      },
    ],
    before: new Map([["loom/r", 1]]),
  });
  const row = { route: "loom/r", parent: "loom/selvage", type: "Accepted", status: "True" };

  it("asks a condition of every reference to the parent", () => {
    expect(compareRow(row, seen([parent("True", "Accepted")]))).toEqual([]);
    const mixed = [parent("True", "Accepted"), parent("False", "NoMatchingParent")];
    expect(compareRow(row, seen(mixed))).toHaveLength(1);
    expect(
      compareRow({ ...row, reason: "Other" }, seen([parent("True", "Accepted")])),
    ).toHaveLength(1);
    expect(compareRow(row, seen([]))).toHaveLength(1);
    expect(compareRow({ ...row, route: "loom/none" }, seen([]))).toHaveLength(1);
  });

  it("knows parents that do not accept", () => {
    const none = { route: "loom/r", no_accepted_parents: true };
    expect(compareRow(none, seen([]))).toEqual([]);
    expect(compareRow(none, seen([parent("False", "x")]))).toEqual([]);
    expect(compareRow(none, seen([parent("True", "x")]))).toHaveLength(1);
  });

  it("counts attached routes, of one listener or of each", () => {
    const gateway = "loom/selvage";
    expect(compareRow({ gateway, listener: "a", attached_routes: 1 }, seen([]))).toEqual([]);
    expect(compareRow({ gateway, attached_routes: 0 }, seen([]))).toHaveLength(1);
    expect(compareRow({ gateway: "loom/none", attached_routes: 0 }, seen([]))).toHaveLength(1);
  });

  it("compares observed generations", () => {
    const latest = { route: "loom/r", observed_generation: "latest" } as const;
    const good = [parent("True", "x")];
    expect(compareRow(latest, seen(good))).toEqual([]);
    expect(compareRow(latest, seen(good, 3))).toHaveLength(1);
    expect(compareRow({ ...latest, observed_generation: "increased" }, seen(good))).toEqual([]);
    const stuck = { ...seen(good), before: new Map([["loom/r", 2]]) };
    expect(compareRow({ ...latest, observed_generation: "increased" }, stuck)).toHaveLength(1);
  });
});

describe("shares", () => {
  const answers = (...counts: readonly [pod: string, times: number][]): Answer[] =>
    counts.flatMap(([pod, times]) => Array.from({ length: times }, () => echo({ pod })));
  const wanted = {
    requests: 100,
    weights: { bobbin: 0.7, "bobbin-2": 0.3, spool: 0 },
    tolerance_abs: 0.05,
    zero_weight_must_get_none: true,
  };

  it("hold within the tolerance, the longest name winning", () => {
    expect(compareShares(wanted, answers(["bobbin-x-y", 68], ["bobbin-2-x-y", 32]))).toEqual([]);
    expect(compareShares(wanted, answers(["bobbin-x-y", 60], ["bobbin-2-x-y", 40]))).toHaveLength(
      2,
    );
  });

  it("do not hold when a backend without weight answers, or something else does", () => {
    const one = answers(["bobbin-x-y", 69], ["bobbin-2-x-y", 30], ["spool-x-y", 1]);
    expect(compareShares(wanted, one)).toHaveLength(1);
    const failed: (Answer | Error)[] = answers(["bobbin-x-y", 69], ["bobbin-2-x-y", 30]);
    expect(compareShares(wanted, [...failed, { status: 503, headers: [], body: "" }])).toEqual([
      "1 of 100: status 503",
    ]);
    expect(compareShares(wanted, [...failed, new Error("reset")])).toEqual(["1 of 100: reset"]);
  });
});
