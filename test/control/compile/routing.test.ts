// What the compiler makes and the data plane matches, against the Gateway API's text; and manifests that are wrong.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compile } from "../../../control/compile/compile.ts";
import { ruleAtListeners } from "../../../mesh/algorithms/match/listener.ts";
import { matchRule } from "../../../mesh/algorithms/match/match.ts";
import {
  type HTTPRouteSpec,
  httpRouteSpecSchema,
} from "../../../mesh/contract/resources/http-route.ts";
import { parseResource } from "../../../mesh/contract/resources/parse.ts";
import type { GatewaysChunk, HostChunk } from "../../../mesh/contract/gateway.ts";
import { toStored } from "../../golden/stored.ts";
import { holds, randomFrom } from "../../mesh/property.ts";
import { mutated, RIGHT } from "./mutate.ts";
import { type OracleRequest, type OracleRoute, winnerByText } from "./routing-oracle.ts";

const LISTENERS = ["*", "*.example.com", "a.example.com", "*.b.example.com"];
const path = fc
  .array(fc.constantFrom("a", "b", "v1", "v10"), { maxLength: 3 })
  .map((segments) => `/${segments.join("/")}`);
const conditions = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom("x-a", "x-b", "X-C"),
    value: fc.constantFrom("1", "2"),
    type: fc.constantFrom("Exact", "Exact", "RegularExpression"),
  }),
  { maxLength: 2, selector: ({ name }) => name },
);
const match = fc.record({
  path: fc.oneof(
    fc.record({ type: fc.constantFrom("Exact", "PathPrefix", "PathPrefix"), value: path }),
    fc.record({
      type: fc.constant("RegularExpression"),
      value: fc.constantFrom("/a.*", "/b.*", "/[ab]/v1", "/.*"),
    }),
  ),
  headers: conditions,
  queryParams: conditions,
  method: fc.option(fc.constantFrom("GET", "POST"), { nil: undefined }),
});
const route = fc.record({
  hostnames: fc.uniqueArray(
    fc.constantFrom("a.example.com", "b.example.com", "x.b.example.com", "*.example.com", "*.com"),
    { maxLength: 2 },
  ),
  rules: fc.array(fc.record({ matches: fc.array(match, { minLength: 1, maxLength: 3 }) }), {
    minLength: 1,
    maxLength: 3,
  }),
  createdMs: fc.integer({ min: 0, max: 2 }),
});
const request: fc.Arbitrary<OracleRequest> = fc.record({
  host: fc.constantFrom("a.example.com", "b.example.com", "x.b.example.com", "x.com", "other.org"),
  method: fc.constantFrom("GET", "POST", "PUT"),
  path,
  query: fc.constantFrom("", "x-a=1", "x-a=2&x-b=1", "X-C=1&x-a=1&x-a=2"),
  headers: fc.dictionary(fc.constantFrom("x-a", "x-b", "x-c"), fc.constantFrom("1", "2")),
});

describe("routing", () => {
  it("agrees with the Gateway API's text on random tables and requests", () => {
    const table = fc.tuple(
      fc.uniqueArray(fc.constantFrom(...LISTENERS), { minLength: 1, maxLength: 3 }),
      fc.array(route, { minLength: 1, maxLength: 4 }),
      fc.array(request, { minLength: 5, maxLength: 5 }),
    );
    holds(
      fc.property(table, ([listeners, given, requests]) => {
        const routes = given.map(({ hostnames, rules, createdMs }, index): OracleRoute => {
          const spec = httpRouteSpecSchema.parse({
            parentRefs: [{ name: "gw" }],
            ...(hostnames.length > 0 ? { hostnames } : {}),
            rules,
          });
          return { id: `default/r${index}`, createdMs, spec };
        });
        const find = compiled(listeners, routes);
        for (const one of requests) expect(find(one)).toBe(winnerByText(listeners, routes, one));
      }),
      0.2,
    );
  });
});

/** The same question to the compiled table. */
function compiled(
  listeners: readonly string[],
  routes: readonly OracleRoute[],
): (request: OracleRequest) => string | null {
  const { directory, chunks } = compile({
    resources: [
      gatewayOf(listeners),
      ...routes.map(({ id, createdMs, spec }) => routeOf(id, createdMs, spec)),
    ],
    version: 1,
    previous: 0,
    nowMs: 0,
  });
  const ids = Object.keys(directory.chunks);
  const parsed = new Map<string, unknown>();
  const chunk = <T>(id: string): T | null => {
    const at = ids.indexOf(id);
    if (at >= 0 && !parsed.has(id))
      parsed.set(id, JSON.parse(new TextDecoder().decode(chunks[at])));
    return (parsed.get(id) as T | undefined) ?? null;
  };
  return ({ host, method, path: at, query, headers }) => {
    const found = ruleAtListeners(
      chunk<GatewaysChunk>("gateways")?.listeners ?? [],
      host,
      { gateway: "default/gw", listener: "", port: 80 },
      ({ gateway, listener }, name) =>
        chunk<HostChunk>(`host:${gateway}/${listener}/${name}`)?.table ?? null,
      (table) =>
        matchRule(table, { method, path: at, query, header: (name) => headers[name] ?? null }),
    );
    const rule = found?.table.rules[found.index];
    return rule ? `${rule.route}#${rule.index}` : null;
  };
}

const gatewayOf = (listeners: readonly string[]) =>
  toStored({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "Gateway",
    metadata: { name: "gw" },
    spec: {
      gatewayClassName: "heddle",
      listeners: listeners.map((hostname, index) => ({
        name: `l${index}`,
        port: 80,
        protocol: "HTTP",
        ...(hostname === "*" ? {} : { hostname }),
      })),
    },
  });

const routeOf = (id: string, createdMs: number, spec: HTTPRouteSpec) =>
  toStored({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: {
      name: id.split("/")[1],
      creationTimestamp: new Date(createdMs * 1000).toISOString(),
    },
    spec,
  });

const isLong = Boolean(process.env["HEDDLE_LONG"]);
/** As CPU of this process, so that a busy machine does not count. */
const MOST_MS = 50;

describe("mutated manifests", () => {
  it("never crash the reader, and are never accepted when they are wrong", () => {
    const random = randomFrom(4);
    for (const one of RIGHT) expect(parseResource(one)).toMatchObject({ ok: true });
    const slowest: { readonly document: unknown; readonly tookMs: number }[] = [];
    for (let run = 0; run < (isLong ? 1_000_000 : 10_000); run++) {
      const { document, isWrong } = mutated(random);
      const began = performance.now();
      const parsed = parseResource(document);
      const tookMs = performance.now() - began;
      if (isWrong && parsed.ok) expect.fail(`accepted: ${JSON.stringify(document)}`);
      if (slowest.length < 10 || tookMs > (slowest.at(-1)?.tookMs ?? 0)) {
        slowest.push({ document, tookMs });
        slowest.sort((a, b) => b.tookMs - a.tookMs).splice(10);
      }
    }
    for (const { document } of slowest) {
      const times = Array.from({ length: 5 }, () => cpuMs(() => parseResource(document)));
      expect(times.toSorted((a, b) => a - b)[2]).toBeLessThan(MOST_MS);
    }
  });
});

function cpuMs(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
