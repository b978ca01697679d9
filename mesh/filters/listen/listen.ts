// Edge only: which listener a request came in by, and which rule of its routes wins.
import { candidateHosts } from "../../algorithms/match/host.ts";
import { matchRule } from "../../algorithms/match/match.ts";
import type { ListenerEntry, Rule } from "../../contract/table.ts";
import type { HttpParts, OutboundCall } from "../../pipeline/call.ts";
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
    const rule = winner(table, http, call.listener);
    if (rule === null) return refuse("no_route", http.host);
    call.rule = rule;
    return next(call);
  },
};

function winner(table: TableView, http: HttpParts, came: OutboundCall["listener"]): Rule | null {
  const listeners = (table.gateways()?.listeners ?? []).filter((entry) => isFor(entry, came));
  const hostnames = [...new Set(listeners.map((entry) => entry.hostname))];
  for (const hostname of candidateHosts(http.host, hostnames)) {
    const chosen = listeners.filter((entry) => entry.hostname === hostname);
    for (const entry of chosen) {
      const rule = ruleOf(table, entry, http);
      if (rule !== null) return rule;
    }
    // A named listener answers for its hosts alone: the request is not handed to a less specific one (GEP-1713).
    if (came !== null && chosen.length > 0) return null;
  }
  return null;
}

function isFor(entry: ListenerEntry, came: OutboundCall["listener"]): boolean {
  if (came === null) return true;
  if (entry.gateway !== came.gateway || entry.port !== came.port) return false;
  return came.listener === "" || entry.listener === came.listener;
}

function ruleOf(table: TableView, entry: ListenerEntry, http: HttpParts): Rule | null {
  for (const host of candidateHosts(http.host, entry.hosts)) {
    const chunk = table.host(entry.gateway, entry.listener, host);
    if (chunk === null) continue;
    const index = matchRule(chunk.table, {
      method: http.method,
      path: http.path,
      query: http.query,
      header: (name) => http.headers[name] ?? null,
    });
    const rule = chunk.table.rules[index];
    if (rule !== undefined) return rule;
  }
  return null;
}
