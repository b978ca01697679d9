// Edge only: which listener a request came in by, and which rule of its routes wins.
import { ruleAtListeners } from "../../algorithms/match/listener.ts";
import { matchRule } from "../../algorithms/match/match.ts";
import { hostTable } from "../../algorithms/match/part.ts";
import type { Rule } from "../../contract/rule.ts";
import { headerOf, type HttpParts, type OutboundCall } from "../../pipeline/call.ts";
import type { Filter } from "../../pipeline/filter.ts";
import type { TableView } from "../../pipeline/isolate.ts";
import { refuse } from "../../pipeline/outcome.ts";

/** Most specific listener first, then its hostnames from most to least specific, until a rule matches. */
export const listen: Filter<OutboundCall> = {
  name: "listen",
  doc: "Finds the listener by port and host and the winning rule of its routes; the edge's route.",
  after: ["discover"],
  wrap: (next) => (call) => {
    const table = call.isolate.table();
    const { http } = call;
    if (table === null || http === null) return refuse("no_table", "edge without a table");
    const rule = winner(table, http, call);
    if (rule === null) return refuse("no_route", http.host);
    call.rule = rule;
    return next(call);
  },
};

function winner(table: TableView, http: HttpParts, call: OutboundCall): Rule | null {
  const { method, path, query } = http;
  const asked = { method, path, query, port: 0, header: (name: string) => headerOf(http, name) };
  const found = ruleAtListeners(
    table.gateways()?.listeners ?? [],
    http.host,
    call.listener,
    ({ gateway, listener }, host) =>
      hostTable((id) => table.host(id), `host:${gateway}/${listener}/${host}`, asked),
    (rules, { gateway, port }) => {
      call.gateway = gateway;
      asked.port = port;
      return matchRule(rules, asked);
    },
  );
  return found?.table.rules[found.index] ?? null;
}
