// Picks the rule of the dialled service's routes that wins, and takes over its policies once per call.
import { matchRule } from "../../algorithms/match/match.ts";
import type { PortRoutes, Rule, RuleTable, ServiceChunk } from "../../contract/table.ts";
import type { HttpParts, OutboundCall } from "../../pipeline/call.ts";
import type { Filter } from "../../pipeline/filter.ts";
import { refuse } from "../../pipeline/outcome.ts";

/** Consumer routes of the caller's namespace win over the service's own (GAMMA); no route at all is the service itself. */
export const route: Filter<OutboundCall> = {
  name: "route",
  doc: "Picks the winning rule and its timeouts; everything below acts on the rule.",
  after: ["discover"],
  wrap: (next) => (call) => {
    if (call.rule === null && call.chunk !== null) call.rule = ruleFor(call, call.chunk);
    if (call.rule === null && call.chunk !== null) return refuse("no_route", call.chunk.service);
    if (call.rule !== null) bound(call, call.rule);
    return next(call);
  },
};

function ruleFor(call: OutboundCall, chunk: ServiceChunk): Rule | null {
  const table = routesFor(chunk, call.source, call.http?.port ?? null);
  if (table === null) return implicitRule(chunk);
  const rule = winner(table, call.http);
  return rule === null && call.http === null ? implicitRule(chunk) : rule;
}

/** Applies a rule's timeouts to the call; the tighter of rule and caller holds. */
function bound(call: OutboundCall, rule: Rule): void {
  if (rule.timeoutMs !== undefined && rule.timeoutMs > 0)
    call.deadlineMs = Math.min(call.deadlineMs, call.isolate.now() + rule.timeoutMs);
  if (rule.perTryMs !== undefined && rule.perTryMs > 0) call.perTryMs = rule.perTryMs;
}

function routesFor(chunk: ServiceChunk, source: string, port: number | null): RuleTable | null {
  if (chunk.consumer === null && chunk.producer === null) return null;
  const namespace = source.slice(0, source.indexOf("/"));
  const consumer = chunk.consumer?.[namespace];
  return (
    (consumer && forPort(consumer, port)) ??
    (chunk.producer && forPort(chunk.producer, port)) ??
    null
  );
}

function forPort(routes: readonly PortRoutes[], port: number | null): RuleTable | null {
  let any: RuleTable | null = null;
  for (const entry of routes) {
    if (entry.port === port && port !== null) return entry.table;
    if (entry.port === null) any = entry.table;
  }
  return any;
}

/** RPC has no path: it takes the rule a bare `GET /` takes, so that splits hold for methods, else the service itself. */
function winner(table: RuleTable, http: HttpParts | null): Rule | null {
  const index =
    http === null
      ? matchRule(table, { method: "GET", path: "/", query: "", header: noHeader })
      : matchRule(table, {
          method: http.method,
          path: http.path,
          query: http.query,
          header: (name) => http.headers[name] ?? null,
        });
  return table.rules[index] ?? null;
}

const noHeader = (): null => null;

const implicit = new WeakMap<ServiceChunk, Rule>();

function implicitRule(chunk: ServiceChunk): Rule {
  const known = implicit.get(chunk);
  if (known !== undefined) return known;
  const rule: Rule = {
    route: "",
    index: 0,
    backends: [{ service: chunk.service, port: null, weight: 1 }],
  };
  implicit.set(chunk, rule);
  return rule;
}
