// Checks that the rules of routes can match, have somewhere to go, and have times that fit together.
import { toMilliseconds } from "../../../mesh/contract/resources/duration.ts";
import type { HTTPRouteMatch, HTTPRouteRule } from "../../../mesh/contract/resources/http-route.ts";
import type { Attachment } from "../../../control/compile/attach.ts";
import { isHttpFilterRef } from "../../../control/compile/extensions.ts";
import type { RouteMatch } from "../../../control/compile/rules.ts";
import type { Segment } from "../../commands/documents.ts";
import type { AnalyzedRoute, Checker, Finding, Scene } from "../scene.ts";

/** A match at one place, with what decides between it and others. */
interface Entry {
  readonly route: AnalyzedRoute;
  readonly rule: number;
  readonly match: RouteMatch;
  /** Smaller goes first. */
  readonly order: readonly number[];
}

/** HDL120 and HDL121. */
export const unreachable: Checker = (scene) => {
  const reached = new Set<string>();
  const shadowed = new Map<string, { entry: Entry; by: Entry }>();
  for (const entries of placesOf(scene).values()) {
    const byPath = new Map<string, Entry[]>();
    for (const entry of entries.toSorted(byOrder)) {
      const { type, value } = entry.match.path;
      const key = `${type} ${type === "PathPrefix" ? value.replace(/\/$/, "") : value}`;
      const before = byPath.get(key) ?? [];
      byPath.set(key, [...before, entry]);
      const by = before.find((earlier) => covers(earlier.match, entry.match));
      if (by) shadowed.set(keyOf(entry), { entry, by });
      else reached.add(keyOf(entry));
    }
  }
  return [...shadowed]
    .filter(([key]) => !reached.has(key))
    .map(([, { entry, by }]) => toFinding(scene, entry, by));
};

const keyOf = ({ route, rule }: Entry): string =>
  `${route.source.stored.kind} ${route.source.id} ${rule}`;

function toFinding(scene: Scene, { route, rule }: Entry, by: Entry): Finding {
  const isOther = by.route !== route;
  const name = `${by.route.source.stored.kind} ${by.route.source.id} rule ${by.rule + 1}`;
  const message = `rule ${rule + 1} can never match: ${name} takes its calls`;
  return scene.at(
    route.source.stored,
    ["spec", "rules", rule],
    isOther ? "HDL121" : "HDL120",
    message,
  );
}

/** Matches by where they hang: a hostname of a listener, or a service for callers of a namespace. */
function placesOf({ routes }: Scene): ReadonlyMap<string, readonly Entry[]> {
  const places = new Map<string, Entry[]>();
  const add = (route: AnalyzedRoute, name: string): void =>
    void places.set(name, [...(places.get(name) ?? []), ...entriesOf(route)]);
  for (const route of routes) {
    const attachments = route.attached.flatMap((one) => one.attachments);
    for (const name of attachments.flatMap((at) => namesOf(route, at))) add(route, name);
  }
  return places;
}

const namesOf = ({ source }: AnalyzedRoute, at: Attachment): readonly string[] =>
  at.to === "gateway"
    ? at.hosts.map((host) => `${at.gateway}/${at.listener} ${host}`)
    : [`${at.service}:${at.port} ${source.namespace} ${source.stored.kind === "RPCRoute"}`];

const entriesOf = (route: AnalyzedRoute): readonly Entry[] =>
  route.compiled.gateway.isListed
    ? []
    : route.compiled.gateway.rules.flatMap(({ matches }, rule) =>
        matches.map((match, index) => ({
          route,
          rule,
          match,
          order: [
            match.method ? 0 : 1,
            -(match.conditions ?? match.headers?.length ?? 0),
            -(match.queryParams?.length ?? 0),
            route.rank,
            rule,
            index,
          ],
        })),
      );

function byOrder(a: Entry, b: Entry): number {
  const at = a.order.findIndex((value, index) => value !== b.order[index]);
  return at < 0 ? 0 : (a.order[at] ?? 0) - (b.order[at] ?? 0);
}

/** Whether every call that the second takes is one that the first takes; their paths are the same. */
function covers(first: RouteMatch, second: RouteMatch): boolean {
  if (first.method !== undefined && first.method !== second.method) return false;
  if (first.port !== undefined && first.port !== second.port) return false;
  if (first.from !== undefined && JSON.stringify(first.from) !== JSON.stringify(second.from))
    return false;
  return (
    isPart(first.headers, second.headers, (name) => name.toLowerCase()) &&
    isPart(first.queryParams, second.queryParams, (name) => name)
  );
}

const isPart = (
  some: HTTPRouteMatch["headers"],
  all: HTTPRouteMatch["headers"],
  toName: (name: string) => string,
): boolean =>
  (some ?? []).every(({ name, value, type }) =>
    (all ?? []).some(
      (other) =>
        toName(other.name) === toName(name) && other.value === value && other.type === type,
    ),
  );

/** HDL115: a rule that neither calls, redirects nor answers by itself. */
export const goals: Checker = (scene) =>
  rulesOf(scene, (rule, { source }) => {
    const refs = rule.backendRefs ?? [];
    const answers = (rule.filters ?? []).some(
      (filter) =>
        filter.requestRedirect !== undefined ||
        (isHttpFilterRef(filter) &&
          scene.inventory.httpFilters.get(`${source.namespace}/${filter.extensionRef?.name}`)?.spec
            .directResponse !== undefined),
    );
    if (answers || refs.some(({ weight }) => weight > 0)) return null;
    return refs.length === 0
      ? { path: [], code: "HDL115", message: "the rule has no backendRefs" }
      : { path: ["backendRefs"], code: "HDL115", message: "every backend has weight 0" };
  });

const UNSAFE: ReadonlySet<string> = new Set(["POST", "PATCH"]);

/** HDL130 to HDL132. */
export const times: Checker = (scene) =>
  rulesOf(scene, (rule, { attached }) => {
    const requestMs = toMilliseconds(rule.timeouts?.request ?? "0s");
    const { edgeMs } = scene.inventory.defaults.timeouts;
    const fault = retryFault(rule, requestMs, scene.inventory.defaults.retry.attempts);
    if (fault !== null) return fault;
    const isAtEdge = attached.some(({ attachments }) =>
      attachments.some(({ to }) => to === "gateway"),
    );
    return isAtEdge && requestMs > edgeMs
      ? {
          path: ["timeouts", "request"],
          code: "HDL132",
          message: `the edge ends a call after ${edgeMs} ms, the rule after ${requestMs} ms`,
        }
      : null;
  });

function retryFault(
  { timeouts, retry, matches }: HTTPRouteRule,
  requestMs: number,
  usual: number,
): RuleFault | null {
  if (retry === undefined) return null;
  const perTryMs = toMilliseconds(timeouts?.backendRequest ?? "0s");
  const tries = (retry.attempts ?? usual) + 1;
  if (requestMs > 0 && perTryMs * tries > requestMs) {
    const message = `${tries} tries of ${perTryMs} ms do not fit into ${requestMs} ms`;
    return { path: ["retry"], code: "HDL130", message };
  }
  const isUnsafe = matches.length > 0 && matches.every(({ method }) => UNSAFE.has(method ?? ""));
  const message = "the rule matches only calls that are not repeated";
  return isUnsafe ? { path: ["retry"], code: "HDL131", message } : null;
}

interface RuleFault {
  readonly path: readonly Segment[];
  readonly code: Finding["code"];
  readonly message: string;
}

const rulesOf = (
  scene: Scene,
  judge: (rule: HTTPRouteRule, route: AnalyzedRoute) => RuleFault | null,
): readonly Finding[] =>
  scene.routes.flatMap((route) =>
    route.source.spec.rules.flatMap((rule, index) => {
      const fault = judge(rule, route);
      if (fault === null) return [];
      const path = ["spec", "rules", index, ...fault.path];
      return scene.at(route.source.stored, path, fault.code, fault.message);
    }),
  );
