// A table that is divided answers as it would whole.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { divisionOf } from "../../../control/compile/division.ts";
import { hostChunks } from "../../../control/compile/host-chunks.ts";
import { createReuse, type Kept } from "../../../control/compile/reuse.ts";
import type { CompiledRoute, RouteMatch } from "../../../control/compile/rules.ts";
import { matchRule } from "../../../mesh/algorithms/match/match.ts";
import { hostTable } from "../../../mesh/algorithms/match/part.ts";
import type { HostChunk } from "../../../mesh/contract/gateway.ts";
import { holds } from "../../mesh/property.ts";

const ID = "host:default/gw/http/*";
const NEVER = { whole: Infinity, part: 1 };
const ALWAYS = { whole: 0, part: 200 };

const path = fc
  .array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 2 })
  .map((segments) => `/${segments.join("/")}`);
const value = fc.constantFrom("1", "2", "3");
const match: fc.Arbitrary<RouteMatch> = fc.record(
  {
    path: fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({
          type: fc.constantFrom("Exact" as const, "PathPrefix" as const),
          value: path,
        }),
      },
      {
        weight: 1,
        arbitrary: fc.constant({ type: "RegularExpression" as const, value: "/[ab].*" }),
      },
    ),
    headers: fc.array(
      fc.record({
        name: fc.constantFrom("x-t", "X-T", "x-u"),
        value,
        type: fc.constantFrom("Exact" as const, "RegularExpression" as const),
      }),
      { maxLength: 2 },
    ),
    method: fc.constantFrom("GET" as const, "POST" as const),
  },
  { requiredKeys: ["path"] },
);
const routes: fc.Arbitrary<readonly CompiledRoute[]> = fc
  .array(
    fc.record({
      isListed: fc.constantFrom(false, false, false, true),
      rules: fc.array(fc.array(match, { minLength: 1, maxLength: 2 }), {
        minLength: 1,
        maxLength: 3,
      }),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((given) =>
    given.map(({ isListed, rules }, at) => ({
      id: `default/r${at}`,
      isListed,
      problem: null,
      rules: rules.map((matches, index) => ({
        rule: { route: `default/r${at}`, index, backends: [] },
        matches,
      })),
    })),
  );
const request = fc.record({
  path,
  method: fc.constantFrom("GET", "POST"),
  headers: fc.record({ "x-t": value, "x-u": value }, { requiredKeys: [] }),
});

describe("a divided table", () => {
  it("answers as the whole one", () => {
    let divided = 0;
    holds(
      fc.property(routes, fc.array(request, { minLength: 8, maxLength: 8 }), (given, requests) => {
        if (divisionOf(given, ALWAYS) !== null) divided += 1;
        const [whole, parts] = [NEVER, ALWAYS].map((limits) => finder(given, limits));
        for (const one of requests) expect(parts?.(one)).toBe(whole?.(one));
      }),
      0.2,
    );
    expect(divided).toBeGreaterThan(10);
  });

  it("is after any change what it is from nothing", () => {
    let divided = 0;
    const turns = fc.array(fc.array(fc.constantFrom("keep", "change", "drop"), { maxLength: 8 }));
    holds(
      fc.property(routes, routes, turns, (given, others, choices) => {
        let kept: Kept | undefined;
        for (const turn of [[], ...choices]) {
          const now = given.flatMap((route, at) => {
            const choice = turn[at] ?? "keep";
            return choice === "drop" ? [] : [choice === "keep" ? route : (others[at] ?? route)];
          });
          const reuse = createReuse(kept);
          const made = new Map(hostChunks(ID, now, reuse, ALWAYS));
          expect([...made]).toEqual(hostChunks(ID, now, createReuse(), ALWAYS));
          if (made.size > 1) divided += 1;
          ({ kept } = reuse);
        }
      }),
      0.2,
    );
    expect(divided).toBeGreaterThan(10);
  });

  it.each([
    ["the first segment", (at: number) => ({ path: prefix(`/s${at}/x`) }), undefined],
    ["a header", (at: number) => ({ path: prefix("/one"), headers: [tenant(at)] }), "x-tenant"],
  ])("is divided by %s", (_, matchAt, by) => {
    expect(divisionOf(manyRoutes(matchAt), { whole: 1000, part: 1000 })?.by).toBe(by);
  });

  it("stays whole where most of it is for any path", () => {
    const anywhere = manyRoutes((at) => ({
      path: { type: "RegularExpression", value: `/[^/]+/${at}` },
    }));
    expect(divisionOf(anywhere, { whole: 1000, part: 1000 })).toBeNull();
  });
});

const prefix = (at: string) => ({ type: "PathPrefix" as const, value: at });
const tenant = (at: number) => ({ name: "X-Tenant", value: `t${at}`, type: "Exact" as const });

const manyRoutes = (matchAt: (at: number) => RouteMatch): CompiledRoute[] =>
  Array.from({ length: 100 }, (_, at) => ({
    id: `default/r${at}`,
    isListed: false,
    problem: null,
    rules: [{ rule: { route: `default/r${at}`, index: 0, backends: [] }, matches: [matchAt(at)] }],
  }));

/** Finds the rule of a request, by name. */
function finder(given: readonly CompiledRoute[], limits: { whole: number; part: number }) {
  const chunks = new Map(
    hostChunks(ID, given, createReuse(), limits).map(([id, chunk]) => [
      id,
      JSON.parse(JSON.stringify(chunk)) as HostChunk,
    ]),
  );
  return ({
    path: at,
    method,
    headers,
  }: typeof request extends fc.Arbitrary<infer R> ? R : never) => {
    const header = (name: string): string | null =>
      (headers as Readonly<Record<string, string | undefined>>)[name] ?? null;
    const table = hostTable((id) => chunks.get(id) ?? null, ID, { path: at, header });
    const rule = table?.rules[matchRule(table, { method, path: at, query: "", header })];
    return rule === undefined ? null : `${rule.route} ${rule.index}`;
  };
}
