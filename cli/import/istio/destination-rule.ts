// Owns how a DestinationRule becomes Services, one for each subset with the endpoints that carry its labels, and
// TrafficPolicies for the service and its subsets.
import type { Fields } from "../fields.ts";
import { duration, toDuration, toMs } from "./duration.ts";
import { namedAfter, type ServiceRef, serviceManifest, serviceOf, subsetOf } from "./hosts.ts";
import { type IstioDocument, type Scene, make, toName } from "./scene.ts";

type Part = Readonly<Record<string, unknown>>;

/** Istio's balancing in our words. */
const MODES: Readonly<Record<string, string>> = {
  ROUND_ROBIN: "round-robin",
  LEAST_REQUEST: "least-request",
  LEAST_CONN: "least-request",
  RANDOM: "p2c",
};

/** Translates one DestinationRule. */
export function translateDestinationRule(document: IstioDocument, scene: Scene): void {
  const { spec, namespace } = document;
  spec.raw("exportTo");
  const host = spec.text("host") ?? "";
  const service = serviceOf(host, namespace) ?? namedAfter(host, namespace);
  const common = policyOf(spec.object("trafficPolicy"));
  writePolicy(service, common, document, scene);
  for (const subset of spec.objects("subsets")) {
    const labels = Object.fromEntries(subset.pairs("labels"));
    const ref = subsetOf(service, subset.text("name") ?? "");
    const of = { service: service.name, namespace: service.namespace, labels };
    make(scene, document, serviceManifest(ref, { subset: of }));
    writePolicy(ref, { ...common, ...policyOf(subset.object("trafficPolicy")) }, document, scene);
  }
}

function writePolicy(
  { name, namespace }: ServiceRef,
  policy: Part,
  document: IstioDocument,
  scene: Scene,
): void {
  if (Object.keys(policy).length === 0) return;
  make(scene, document, {
    apiVersion: "heddle.dev/v1",
    kind: "TrafficPolicy",
    metadata: { name: toName(`${document.name}-${name}`), namespace },
    spec: { targetRefs: [{ kind: "Service", name }], ...policy },
  });
}

/** What of a trafficPolicy a TrafficPolicy can say. */
function policyOf(given: Fields | undefined): Part {
  if (given === undefined) return {};
  const balancing = balancingOf(given.object("loadBalancer"));
  const bulkhead = bulkheadOf(given.object("connectionPool"));
  const breaker = breakerOf(given.object("outlierDetection"));
  return {
    ...(balancing ? { balancing } : {}),
    ...(bulkhead ? { bulkhead } : {}),
    ...(breaker ? { breaker } : {}),
  };
}

function balancingOf(given: Fields | undefined): Part | null {
  if (given === undefined) return null;
  const simple = given.text("simple");
  const mode = MODES[simple ?? ""];
  if (simple !== undefined && mode === undefined && simple !== "UNSPECIFIED")
    given.lacks("simple", `${simple} has no counterpart`);
  const slowStart = slowStartOf(given);
  const hash = hashOf(given.object("consistentHash"));
  const chosen = hash ?? (mode || slowStart ? { mode: mode ?? "p2c" } : null);
  return chosen && { ...chosen, ...slowStart };
}

function slowStartOf(given: Fields): Part | null {
  const warmup = given.object("warmup");
  const window = duration(given, "warmupDurationSecs") ?? (warmup && duration(warmup, "duration"));
  return window ? { slowStart: { window } } : null;
}

function hashOf(given: Fields | undefined): Part | null {
  if (given === undefined) return null;
  const on = (kind: string, name: string | undefined): Part[] =>
    name === undefined ? [] : [{ on: kind, name }];
  const cookie = given.object("httpCookie");
  // Its life is that of the session, which routes keep.
  cookie?.text("ttl");
  cookie?.text("path");
  if (given.raw("useSourceIp") === true)
    given.lacks("useSourceIp", "a Worker knows its caller, not an address: the caller is hashed");
  const [hash = { on: "caller" }] = [
    ...on("header", given.text("httpHeaderName")),
    ...on("cookie", cookie?.text("name")),
    ...on("query", given.text("httpQueryParameterName")),
  ];
  const isMaglev = given.object("maglev") !== undefined;
  const points = given.object("ringHash")?.number("minimumRingSize");
  if (points !== undefined)
    given.lacks("ringHash", "an endpoint has a fixed number of points, so that few keys move");
  return { mode: isMaglev ? "maglev" : "ring", hash };
}

function bulkheadOf(pool: Fields | undefined): Part | null {
  const bounds = [
    pool?.object("tcp")?.number("maxConnections"),
    pool?.object("http")?.number("http2MaxRequests"),
  ].filter((bound) => bound !== undefined);
  return bounds.length > 0 ? { maxInFlight: Math.min(...bounds) } : null;
}

/** Istio's `max_ejection_time`. */
const USUAL_MAX_MS = 300_000;

/** Istio's `consecutive5xxErrors` of an outlierDetection that says none. */
const USUAL_FAILURES = 5;

/** Failures in a row that eject an endpoint open its circuit. */
function breakerOf(given: Fields | undefined): Part | null {
  if (given === undefined) return null;
  const failures =
    given.number("consecutive5xxErrors") ??
    given.number("consecutiveGatewayErrors") ??
    given.number("consecutiveErrors") ??
    USUAL_FAILURES;
  if (failures === 0) return null;
  const baseMs = toMs(given.text("baseEjectionTime"));
  if (baseMs === undefined) return { consecutive: failures };
  const max = toDuration(Math.max(baseMs, USUAL_MAX_MS));
  return { consecutive: failures, openTime: { base: toDuration(baseMs), max } };
}
