// Which rule of a service's routes a call takes: late, since a mesh can do without routes.
import { matchRule } from "../../algorithms/match/match.ts";
import { routesFor } from "../../algorithms/match/routes.ts";
import type { Rule, RuleTable } from "../../contract/rule.ts";
import { headerOf, type OutboundCall } from "../../pipeline/call.ts";
import type { Late } from "../../pipeline/late.ts";

/** A request takes a rule of HTTP routes; a method one of its own, else that of a bare `GET /`, so that splits hold. */
export const winner: Late["route"] = (chunk, call) => {
  const { source, http } = call;
  const table = routesFor(chunk, source, http?.port ?? null);
  if (http !== null) return table === null ? undefined : ruleOfRequest(table, call, http);
  const methods = chunk.rpc ? routesFor(chunk.rpc, source, null) : null;
  return (
    (methods && ruleAt(methods, call, pathOf(call))) ??
    (table && ruleAt(table, call, "/")) ??
    undefined
  );
};

const ruleOfRequest = (
  table: RuleTable,
  { source }: OutboundCall,
  http: NonNullable<OutboundCall["http"]>,
): Rule | null => {
  const index = matchRule(table, {
    method: http.method,
    path: http.path,
    query: http.query,
    header: (name) => headerOf(http, name),
    source,
    port: http.port,
  });
  return table.rules[index] ?? null;
};

const ruleAt = (table: RuleTable, { source }: OutboundCall, path: string): Rule | null => {
  const index = matchRule(table, { method: "GET", path, query: "", header: noHeader, source });
  return table.rules[index] ?? null;
};

/** A call of a method as its rule tables have it. */
const pathOf = ({ dialled, rpc }: OutboundCall): string =>
  `/${dialled.entrypoint ?? "default"}/${rpc?.path.join(".") ?? ""}`;

const noHeader = (): null => null;
