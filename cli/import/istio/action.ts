// Owns what an Istio route does, as fields of an HTTPRoute's rule; what the Gateway API has no filter for goes into an
// HTTPFilter.
import type { Fields } from "../fields.ts";
import { toDuration, toGatewayTimes, toMs } from "./duration.ts";
import { destinationOf, serviceOf } from "./hosts.ts";
import { type Match, literal } from "./match.ts";
import { toCors, toFault } from "./extension.ts";
import { retryOf } from "./retry.ts";
import type { IstioDocument, Scene } from "./scene.ts";

/** A rule but for its matches, and the HTTPFilter it needs. */
export interface Action {
  readonly rule: Readonly<Record<string, unknown>>;
  /** Spec of an HTTPFilter; null where none is needed. */
  readonly filter: Readonly<Record<string, unknown>> | null;
}

type Filter = Readonly<Record<string, unknown>>;

/** What is answered where no route of a list matches. */
export const NO_ROUTE: Action = {
  rule: {},
  filter: { directResponse: { status: 404, body: "no route" } },
};

/** The action of one HTTPRoute of a VirtualService for calls by one of its matches. */
export function toAction(
  given: Fields,
  match: Match,
  document: IstioDocument,
  scene: Scene,
): Action {
  const rewrite = given.object("rewrite");
  const redirect = given.object("redirect");
  const headers = given.object("headers");
  const place = placeOf(rewrite, match);
  const away = redirect ? redirectOf(redirect, match) : null;
  const cors = toCors(given.object("corsPolicy"));
  const answer = answerOf(given.object("directResponse"));
  const fault = toFault(given.object("fault"), scene, document);
  const special = { ...place.special, ...away?.special, ...cors.special, ...answer, ...fault };
  if (given.has("delegate"))
    given.lacks("delegate", "a route delegates to no other: import the delegate alone");
  const filters = [
    ...headerFilters(headers, place.hostname),
    ...(away ? [away.filter] : []),
    ...cors.filters,
    ...mirrorsOf(given, document, scene),
  ];
  const backendRefs = away || answer.directResponse ? [] : backendsOf(given, document, scene);
  const times = toGatewayTimes(given);
  const retry = retryOf(given.object("retries"));
  return {
    rule: {
      ...(filters.length > 0 ? { filters } : {}),
      ...(backendRefs.length > 0 ? { backendRefs } : {}),
      ...(times ? { timeouts: times } : {}),
      ...(retry ? { retry } : {}),
      ...sessionOf(given, document, scene),
    },
    filter: Object.keys(special).length > 0 ? special : null,
  };
}

/** What a rewrite does to host and path: a prefix is replaced character by character. */
function placeOf(
  rewrite: Fields | undefined,
  match: Match,
): { hostname?: string; special: Filter } {
  if (rewrite === undefined) return { special: {} };
  const hostname = rewrite.text("authority");
  const uri = rewrite.text("uri");
  const regex = rewrite.object("uriRegexRewrite");
  const special =
    regex === undefined
      ? uri === undefined
        ? {}
        : { rewrite: replaced(uri, match) }
      : {
          rewrite: {
            pattern: regex.text("match") ?? "",
            substitution: (regex.text("rewrite") ?? "")
              .replaceAll("$", "$$$$")
              .replaceAll("\\0", "$$&")
              .replaceAll(/\\(\d)/g, "$$$1"),
          },
        };
  return { ...(hostname ? { hostname } : {}), special };
}

function replaced(uri: string, { prefix }: Match): Filter {
  const substitution = uri.replaceAll("$", "$$$$");
  if (prefix === undefined) return { pattern: "^.*$", substitution };
  return {
    pattern: `${prefix.ignoreCase ? "(?i)" : ""}^${literal(prefix.value)}`,
    substitution,
  };
}

function redirectOf(given: Fields, match: Match): { filter: Filter; special: Filter } {
  const [hostname, ownPort] = (given.text("authority") ?? "").split(":");
  const uri = given.text("uri");
  const scheme = given.text("scheme");
  const prefixRewrite = given.text("prefixRewrite");
  const derived = given.text("derivePort");
  const port = given.number("port") ?? portOf(ownPort, derived, scheme);
  const requestRedirect = {
    statusCode: given.number("redirectCode") ?? 301,
    ...(scheme ? { scheme } : {}),
    ...(hostname ? { hostname: hostname.toLowerCase() } : {}),
    ...(port === undefined ? {} : { port }),
    ...(uri === undefined ? {} : { path: { type: "ReplaceFullPath", replaceFullPath: uri } }),
  };
  return {
    filter: { type: "RequestRedirect", requestRedirect },
    special: {
      ...(prefixRewrite === undefined ? {} : { rewrite: replaced(prefixRewrite, match) }),
      ...(derived === "FROM_REQUEST_PORT" ? { redirect: { port: "Request" } } : {}),
    },
  };
}

function portOf(
  own: string | undefined,
  derived: string | undefined,
  scheme: string | undefined,
): number | undefined {
  if (own !== undefined) return Number(own);
  if (derived !== "FROM_PROTOCOL_DEFAULT") return undefined;
  return scheme === "https" ? 443 : 80;
}

function answerOf(given: Fields | undefined): { readonly directResponse?: Filter } {
  if (given === undefined) return {};
  const body = given.object("body");
  const bytes = body?.text("bytes");
  const text = bytes === undefined ? body?.text("string") : Buffer.from(bytes, "base64").toString();
  return {
    directResponse: {
      status: given.number("status") ?? 200,
      ...(text === undefined ? {} : { body: text }),
    },
  };
}

/** Header filters of a rule or a destination; the host is none of the headers there. */
function headerFilters(headers: Fields | undefined, hostname?: string): readonly Filter[] {
  const request = changeOf(headers?.object("request"));
  const response = changeOf(headers?.object("response"));
  const host = request.host ?? hostname;
  return [
    ...(request.change
      ? [{ type: "RequestHeaderModifier", requestHeaderModifier: request.change }]
      : []),
    ...(response.change
      ? [{ type: "ResponseHeaderModifier", responseHeaderModifier: response.change }]
      : []),
    ...(host === undefined
      ? []
      : [{ type: "URLRewrite", urlRewrite: { hostname: host.toLowerCase() } }]),
  ];
}

function changeOf(given: Fields | undefined): { change?: Filter; host?: string } {
  if (given === undefined) return {};
  const isHost = ([name]: readonly [string, string]): boolean =>
    /^(?::authority|host)$/i.test(name);
  const all = given.pairs("set");
  const host = all.find(isHost)?.[1];
  const listed = (pairs: readonly (readonly [string, string])[]) =>
    pairs.map(([name, value]) => ({ name, value }));
  const set = listed(all.filter((pair) => !isHost(pair)));
  const add = listed(given.pairs("add"));
  const remove = given.texts("remove");
  const change = {
    ...(set.length > 0 ? { set } : {}),
    ...(add.length > 0 ? { add } : {}),
    ...(remove.length > 0 ? { remove } : {}),
  };
  return {
    ...(Object.keys(change).length > 0 ? { change } : {}),
    ...(host === undefined ? {} : { host }),
  };
}

/** Destinations with their shares: without a weight, one alone gets all and one of several nothing. */
function backendsOf(given: Fields, document: IstioDocument, scene: Scene): readonly Filter[] {
  const routes = given.objects("route");
  return routes.map((route) => {
    const filters = headerFilters(route.object("headers"));
    const weight = route.number("weight");
    return {
      ...backendOf(route.object("destination"), document, scene),
      ...(routes.length > 1 ? { weight: weight ?? 0 } : {}),
      ...(filters.length > 0 ? { filters } : {}),
    };
  });
}

function backendOf(given: Fields | undefined, document: IstioDocument, scene: Scene): Filter {
  const { name, namespace } = destinationOf(
    given?.text("host") ?? "",
    given?.text("subset"),
    document,
    scene,
  );
  const port = given?.object("port")?.number("number") ?? scene.port;
  return { name, ...(namespace === document.namespace ? {} : { namespace }), port };
}

function mirrorsOf(given: Fields, document: IstioDocument, scene: Scene): readonly Filter[] {
  const one = given.object("mirror");
  const share =
    given.object("mirrorPercentage")?.number("value") ??
    given.number("mirrorPercent") ??
    given.number("mirror_percent");
  const several = given.objects("mirrors").map((mirror) => ({
    destination: mirror.object("destination"),
    percent: mirror.object("percentage")?.number("value"),
  }));
  return [...(one ? [{ destination: one, percent: share }] : []), ...several].map(
    ({ destination, percent }) => ({
      type: "RequestMirror",
      requestMirror: {
        backendRef: backendOf(destination, document, scene),
        ...(percent === undefined ? {} : shareOf(percent)),
      },
    }),
  );
}

/** A cookie that a DestinationRule makes for consistent hashing is one that the rule's session keeps. */
function sessionOf(given: Fields, document: IstioDocument, scene: Scene): Filter {
  const hosts = given.objects("route").map((route) => route.object("destination")?.text("host"));
  const services = hosts.map((host) => idOf(host, document.namespace));
  const rules = scene.documents.filter(
    ({ kind, namespace, spec }) =>
      kind === "DestinationRule" && services.includes(idOf(spec.text("host"), namespace)),
  );
  for (const { spec } of rules) {
    const hash = spec.object("trafficPolicy")?.object("loadBalancer")?.object("consistentHash");
    const session = keptBy(hash?.object("httpCookie"));
    if (session !== null) return { sessionPersistence: { type: "Cookie", ...session } };
  }
  return {};
}

function idOf(host: string | undefined, namespace: string): string {
  const ref = serviceOf(host ?? "", namespace);
  return ref === null ? `host ${host}` : `${ref.namespace}/${ref.name}`;
}

function keptBy(given: Fields | undefined): Filter | null {
  const name = given?.text("name");
  const ttlMs = toMs(given?.text("ttl"));
  if (name === undefined || ttlMs === undefined) return null;
  const path = given?.text("path");
  const cookie = { name, ...(path ? { path } : {}) };
  if (ttlMs === 0) return { cookie: { ...cookie, lifetimeType: "Session" } };
  return {
    absoluteTimeout: toDuration(ttlMs),
    cookie: { ...cookie, lifetimeType: "Permanent" },
  };
}

const shareOf = (percent: number): Filter =>
  Number.isInteger(percent)
    ? { percent }
    : { fraction: { numerator: Math.round(percent * 10_000), denominator: 1_000_000 } };
