// Owns the tables of the bench: three shapes of any size, as manifests, compiled, and as what another router takes.
import { addRoute, createRouter, findRoute } from "rou3";
import { compile } from "../../control/compile/compile.ts";
import { storedOf } from "../../control/compile/offline.ts";
import { type RuleAt, ruleAtListeners } from "../../mesh/algorithms/match/listener.ts";
import { hostTable } from "../../mesh/algorithms/match/part.ts";
import { matchRule } from "../../mesh/algorithms/match/match.ts";
import { parseResource } from "../../mesh/contract/resources/parse.ts";
import type { StoredResource } from "../../mesh/contract/state.ts";
import type { GatewaysChunk } from "../../mesh/contract/gateway.ts";

/** How the routes differ. */
export const SHAPES = ["hosts", "prefixes", "headers"] as const;
export type Shape = (typeof SHAPES)[number];

/** A request of the bench. */
export interface Asked {
  readonly host: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Finds the rule of a request; its place in the table of its host, or -1. */
export type Find = (asked: Asked) => number;

const RULES = 10;

/** Manifests of a Gateway and of routes with ten rules each. */
export function manifestsOf(shape: Shape, rules: number): readonly unknown[] {
  const gateway = {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "Gateway",
    metadata: { name: "gw" },
    spec: { gatewayClassName: "heddle", listeners: [{ name: "http", port: 80, protocol: "HTTP" }] },
  };
  const service = {
    apiVersion: "heddle.dev/v1",
    kind: "Service",
    metadata: { name: "a" },
    spec: { endpoints: [{ url: "https://a.example" }] },
  };
  const routes = Array.from({ length: Math.ceil(rules / RULES) }, (_, route) => ({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: `r${String(route).padStart(5, "0")}` },
    spec: {
      parentRefs: [{ name: "gw" }],
      ...(shape === "hosts"
        ? { hostnames: [`h${route}.example`] }
        : { hostnames: ["one.example"] }),
      rules: Array.from({ length: RULES }, (__, rule) => ({
        matches: [matchOf(shape, route * RULES + rule)],
        backendRefs: [{ name: "a", port: 80 }],
      })),
    },
  }));
  return [gateway, service, ...routes];
}

function matchOf(shape: Shape, at: number): unknown {
  if (shape === "headers")
    return {
      path: { type: "PathPrefix", value: "/one" },
      headers: [{ name: "x-tenant", value: `t${at}` }],
    };
  const value = shape === "hosts" ? `/p${at % RULES}` : `/area${at % 100}/p${at}`;
  return { path: { type: "PathPrefix", value } };
}

/** A request for the rule with a number. */
export function askedFor(shape: Shape, at: number): Asked {
  if (shape === "headers")
    return { host: "one.example", path: "/one/item/7", headers: { "x-tenant": `t${at}` } };
  if (shape === "hosts")
    return {
      host: `h${Math.floor(at / RULES)}.example`,
      path: `/p${at % RULES}/item/7`,
      headers: {},
    };
  return { host: "one.example", path: `/area${at % 100}/p${at}/item/7`, headers: {} };
}

/** Manifests as they are stored. */
export function storedFrom(manifests: readonly unknown[]): readonly StoredResource[] {
  return manifests.map((manifest) => {
    const parsed = parseResource(manifest);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
    return storedOf(parsed.resource);
  });
}

/** The compiled table as bytes by chunk id. */
export function bytesFrom(resources: readonly StoredResource[]): ReadonlyMap<string, Uint8Array> {
  const { directory, chunks } = compile({ resources, version: 1, previous: 0, nowMs: 0 });
  return new Map(Object.keys(directory.chunks).map((id, at) => [id, chunks[at] as Uint8Array]));
}

/** The mesh's own look-up over a table, each chunk parsed at its first use. */
export function meshFind(
  bytes: ReadonlyMap<string, Uint8Array>,
  said: (found: RuleAt) => number = ({ index }) => index,
): Find {
  const decoder = new TextDecoder();
  const parsed = new Map<string, unknown>();
  const chunk = <T>(id: string): T | null => {
    const known = parsed.get(id);
    if (known !== undefined) return known as T;
    const raw = bytes.get(id);
    if (raw === undefined) return null;
    const value = JSON.parse(decoder.decode(raw)) as T;
    parsed.set(id, value);
    return value;
  };
  return ({ host, path, headers }) => {
    const header = (name: string): string | null => headers[name] ?? null;
    const found = ruleAtListeners(
      chunk<GatewaysChunk>("gateways")?.listeners ?? [],
      host,
      { gateway: "default/gw", listener: "http", port: 80 },
      ({ gateway, listener }, name) =>
        hostTable(chunk, `host:${gateway}/${listener}/${name}`, { path, header }),
      (table, { port }) => matchRule(table, { method: "GET", path, query: "", header, port }),
    );
    return found === null ? -1 : said(found);
  };
}

/** The number of a rule that was found, as `askedFor` counts; of a host of its own, within it. */
export const numberOf =
  (shape: Shape) =>
  ({ table, index }: RuleAt): number => {
    const rule = table.rules[index];
    const route = Number(rule?.route.slice("default/r".length));
    return (shape === "hosts" ? 0 : route * RULES) + (rule?.index ?? 0);
  };

/** The same routes in rou3, whose paths begin with what it has no word for: the host, or the header's value. */
export function rou3Find(shape: Shape, rules: number): Find {
  const router = createRouter<number>();
  for (let at = 0; at < rules; at++) {
    const { host, path, headers } = askedFor(shape, at);
    addRoute(
      router,
      "GET",
      `${keyOf(host, headers)}${path.replace("/item/7", "/**")}`,
      shape === "hosts" ? at % RULES : at,
    );
  }
  return ({ host, path, headers }) =>
    findRoute(router, "GET", keyOf(host, headers) + path, { params: false })?.data ?? -1;
}

const keyOf = (host: string, headers: Asked["headers"]): string =>
  `/${host}${headers["x-tenant"] === undefined ? "" : `/${headers["x-tenant"]}`}`;
