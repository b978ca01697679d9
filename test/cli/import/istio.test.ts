// Istio's resources in, ours out: what is translated, in which order it decides, and what is told.
import { describe, expect, it } from "vitest";
import { translateIstio } from "../../../cli/import/istio/translate.ts";
import { parseDocuments } from "../../../cli/commands/documents.ts";

const options = { port: 80, expires: "2030-01-01T00:00:00Z" };

function translate(text: string) {
  const { documents } = parseDocuments("in.yaml", text);
  return translateIstio(documents, options);
}

const virtualService = (http: string): string => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews }
spec:
  hosts: [reviews]
  http:
${http.replaceAll(/^/gm, "  ")}`;

const rulesOf = ({ items }: ReturnType<typeof translate>) =>
  items.find(({ kind }) => kind === "HTTPRoute")?.spec["rules"] as readonly Record<
    string,
    unknown
  >[];

describe("a VirtualService", () => {
  it("becomes a route of its services, subsets and shares", () => {
    const { items, remarks } = translate(`${virtualService(`- route:
  - { destination: { host: reviews, subset: v1 }, weight: 80 }
  - { destination: { host: reviews, subset: v2 }, weight: 20 }`)}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: reviews }
spec:
  host: reviews
  subsets: [{ name: v1, labels: { version: v1 } }, { name: v2, labels: { version: v2 } }]`);
    expect(remarks).toEqual([]);
    expect(items.map(({ kind, metadata }) => `${kind}/${metadata.name}`)).toEqual([
      "Service/reviews-v1",
      "Service/reviews-v2",
      "HTTPRoute/reviews",
    ]);
    expect(items[0]?.spec).toEqual({
      subset: { service: "reviews", namespace: "default", labels: { version: "v1" } },
    });
  });

  it("keeps its order where the Gateway API would change it", () => {
    const listed = translate(
      virtualService(`- match: [{ uri: { prefix: /a } }]
  route: [{ destination: { host: one } }]
- match: [{ uri: { exact: /a/b } }]
  route: [{ destination: { host: two } }]`),
    );
    const [route] = listed.items;
    expect(route?.metadata.annotations).toEqual({ "heddle.dev/precedence": "listed" });
    const plain = translate(
      virtualService(`- match: [{ uri: { exact: /a/b } }]
  route: [{ destination: { host: two } }]
- route: [{ destination: { host: one } }]`),
    );
    expect(plain.items[0]?.metadata.annotations).toBeUndefined();
  });

  it("says what must not hold by earlier rules", () => {
    const rules = rulesOf(
      translate(
        virtualService(`- match: [{ withoutHeaders: { end-user: { exact: jason } } }]
  route: [{ destination: { host: one } }]
- route: [{ destination: { host: two } }]`),
      ),
    );
    expect(rules.map(({ backendRefs, matches }) => [backendRefs, matches])).toEqual([
      [
        [{ name: "two", port: 80 }],
        [
          {
            path: { type: "PathPrefix", value: "/" },
            headers: [{ name: "end-user", type: "Exact", value: "jason" }],
          },
        ],
      ],
      [[{ name: "one", port: 80 }], [{ path: { type: "PathPrefix", value: "/" } }]],
      [[{ name: "two", port: 80 }], [{ path: { type: "PathPrefix", value: "/" } }]],
    ]);
  });

  it("names every field without a counterpart, where it stands", () => {
    const { remarks } = translate(
      virtualService(`- retries: { attempts: 2, retryRemoteLocalities: true }
  match: [{ scheme: { exact: https } }]
  route: [{ destination: { host: one } }]`),
    );
    expect(remarks.map(({ field, where }) => [field, where])).toEqual([
      ["spec.http[0].match[0].scheme", "in.yaml:8:15"],
      ["spec.http[0].retries.retryRemoteLocalities", "in.yaml:7:29"],
    ]);
  });

  it("ignores case in plain paths alone, and headers with names of other fields", () => {
    const rules = rulesOf(
      translate(
        virtualService(`- match:
  - { uri: { prefix: /Ab }, ignoreUriCase: true }
  - { uri: { regex: "/Cd.*" }, ignoreUriCase: true }
  - { uri: { exact: /e }, headers: { uri: { exact: /x }, x-a: { exact: "1" } } }
  route: [{ destination: { host: one } }]`),
      ),
    );
    expect(rules[0]?.["matches"]).toEqual([
      { path: { type: "RegularExpression", value: "(?i)/Ab.*" } },
      { path: { type: "RegularExpression", value: "/Cd.*" } },
      {
        path: { type: "Exact", value: "/e" },
        headers: [{ name: "x-a", type: "Exact", value: "1" }],
      },
    ]);
  });

  it("becomes a route for each gateway where a match names some", () => {
    const { items, remarks } =
      translate(`${virtualService(`- match: [{ gateways: [edge], uri: { prefix: /a } }, { gateways: [mesh], uri: { exact: /b } }]
  route: [{ destination: { host: one } }]
- match: [{ gateways: [edge] }]
  fault: { abort: { httpStatus: 500, percentage: { value: 1 } } }
  route: [{ destination: { host: two } }]
- route: [{ destination: { host: three } }]`)}
  gateways: [mesh, edge]`);
    expect(remarks.filter(({ level }) => level !== "note")).toEqual([]);
    const routes = items.filter(({ kind }) => kind === "HTTPRoute");
    const backendsOf = (rules: unknown): string[] =>
      (rules as { backendRefs: { name: string }[] }[]).map(
        ({ backendRefs: [first] }) => first?.name ?? "",
      );
    expect(
      routes.map(({ metadata, spec }) => [
        metadata.name,
        (spec["parentRefs"] as { name: string }[]).map(({ name }) => name),
        backendsOf(spec["rules"]),
      ]),
    ).toEqual([
      ["reviews", ["reviews"], ["one", "three"]],
      ["reviews-edge", ["edge"], ["one", "two", "three"]],
    ]);
    const [filter] = items.filter(({ kind }) => kind === "HTTPFilter");
    expect(filter?.metadata.name).toBe("reviews-edge-1");
  });

  it.each([
    ["", ["spec.http[0].corsPolicy.unmatchedPreflights"]],
    [", unmatchedPreflights: FORWARD", ["spec.http[0].corsPolicy.unmatchedPreflights"]],
    [", unmatchedPreflights: IGNORE", []],
  ])("tells that preflights of other origins are not forwarded (%s)", (more, told) => {
    const { remarks } = translate(
      virtualService(`- corsPolicy: { allowOrigins: [{ exact: "https://a.example" }]${more} }
  route: [{ destination: { host: one } }]`),
    );
    expect(remarks.map(({ field }) => field)).toEqual(told);
  });

  it("delays and aborts nothing where it names no percentage", () => {
    const { items } = translate(
      virtualService(`- fault: { delay: { fixedDelay: 2s }, abort: { httpStatus: 500, percent: 7 } }
  route: [{ destination: { host: one } }]`),
    );
    expect(items.find(({ kind }) => kind === "HTTPFilter")?.spec).toMatchObject({
      fault: { delay: { duration: "2s", percent: 0 }, abort: { status: 500, percent: 7 } },
    });
  });

  it("keeps what a rewrite by a pattern takes over, whole or by group", () => {
    const { items } = translate(
      virtualService(String.raw`- rewrite: { uriRegexRewrite: { match: "/(a+)", rewrite: '/x\0/\1$' } }
  route: [{ destination: { host: one } }]`),
    );
    expect(items.find(({ kind }) => kind === "HTTPFilter")?.spec).toEqual({
      rewrite: { pattern: "/(a+)", substitution: "/x$&/$1$$" },
    });
  });

  it("is refused where it cannot be said", () => {
    const { remarks, items } = translate(
      virtualService("- redirect: { uri: /x, redirectCode: 317 }"),
    );
    expect(items).toEqual([]);
    expect(remarks.map(({ level }) => level)).toEqual(["error"]);
  });
});

describe("a Gateway", () => {
  it("has a listener for each host of each server", () => {
    const { items } = translate(`apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge }
spec:
  servers:
  - port: { number: 80, name: http, protocol: HTTP }
    hosts: ["*", "default/shop.example"]`);
    expect(items[0]?.spec["listeners"]).toMatchObject([
      { name: "http-1", port: 80, protocol: "HTTP" },
      { name: "http-2", port: 80, protocol: "HTTP", hostname: "shop.example" },
    ]);
  });
});

describe("a DestinationRule", () => {
  const breakerOf = (outlierDetection: string): unknown =>
    translate(`apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: reviews }
spec: { host: reviews, trafficPolicy: { outlierDetection: ${outlierDetection} } }`).items[0]?.spec[
      "breaker"
    ];

  it("ejects after five failures in a row where it does not say otherwise", () => {
    expect(breakerOf("{ interval: 1s }")).toEqual({ consecutive: 5 });
    expect(breakerOf("{ consecutiveGatewayErrors: 3 }")).toEqual({ consecutive: 3 });
    expect(breakerOf("{ consecutive5xxErrors: 0 }")).toBeUndefined();
  });
});
