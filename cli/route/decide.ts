// Owns asking a table what becomes of a request, with the functions that decide it in the mesh.
import { type CameBy, ruleAtListeners } from "../../mesh/algorithms/match/listener.ts";
import { type Considered, explainMatch } from "../../mesh/algorithms/match/explain.ts";
import { type MatchCall, matchRule } from "../../mesh/algorithms/match/match.ts";
import { hostTable } from "../../mesh/algorithms/match/part.ts";
import { routesFor } from "../../mesh/algorithms/match/routes.ts";
import type { GatewaysChunk } from "../../mesh/contract/gateway.ts";
import type { Rule, RuleTable } from "../../mesh/contract/rule.ts";
import type { ServiceChunk } from "../../mesh/contract/service.ts";
import type { Tables } from "./tables.ts";

/** The request that is asked about. */
export interface Question {
  readonly method: string;
  readonly url: URL;
  /** As typed: the parser of URLs resolves dots that the mesh sees. */
  readonly path: string;
  readonly query: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** `ns/name` of the calling Worker; null: a client comes in through a Gateway. */
  readonly from: string | null;
  /** `ns/name` of the service a Worker calls. */
  readonly to: string;
  readonly came: CameBy | null;
}

/** A table that was asked, with its candidates. */
export interface Step {
  readonly place: string;
  readonly considered: readonly (Considered & { readonly name: string })[];
}

/** What becomes of it. */
export interface Answer {
  /** `rule`: a rule wins. `service`: the service has no routes and takes the call itself. */
  readonly outcome: "rule" | "service" | "no_route" | "unknown_service" | "no_port";
  readonly rule: Rule | null;
  readonly steps: readonly Step[];
}

/** Decides as the mesh does. */
export function decide(tables: Tables, question: Question): Answer {
  return question.from === null
    ? atEdge(tables, question)
    : inMesh(tables, question, question.from);
}

function atEdge(tables: Tables, question: Question): Answer {
  const steps: Step[] = [];
  const { host } = question.url;
  const listeners = tables.chunk<GatewaysChunk>("gateways")?.listeners ?? [];
  const found = ruleAtListeners(
    listeners,
    question.headers["host"] ?? host,
    question.came,
    ({ gateway, listener }, name) =>
      hostTable(
        (id) => tables.chunk(id),
        `host:${gateway}/${listener}/${name}`,
        callOf(question, 0),
      ),
    (table, { gateway, listener, port }, name) => {
      const call = callOf(question, port);
      steps.push(stepOf(`listener ${gateway}/${listener}, hostname ${name}`, table, call));
      return matchRule(table, call);
    },
  );
  const rule = found?.table.rules[found.index] ?? null;
  return { outcome: rule ? "rule" : "no_route", rule, steps };
}

function inMesh(tables: Tables, question: Question, from: string): Answer {
  const chunk = tables.chunk<ServiceChunk>(`service:${question.to}`);
  if (chunk === null) return { outcome: "unknown_service", rule: null, steps: [] };
  const port = portOf(question.url);
  if (chunk.ports !== null && !chunk.ports.includes(port))
    return { outcome: "no_port", rule: null, steps: [] };
  const table = routesFor(chunk, from, port);
  if (table === null) return { outcome: "service", rule: null, steps: [] };
  const call = { ...callOf(question, port), source: from };
  const steps = [stepOf(`service ${question.to}, port ${port}`, table, call)];
  const rule = table.rules[matchRule(table, call)] ?? null;
  return { outcome: rule ? "rule" : "no_route", rule, steps };
}

const callOf = ({ method, path, query, headers, url }: Question, port: number): MatchCall => ({
  method,
  path,
  query,
  header: (name) => headers[name] ?? (name === "host" ? url.hostname : null),
  port,
});

const stepOf = (place: string, table: RuleTable, call: MatchCall): Step => ({
  place,
  considered: explainMatch(table, call).map((one) => ({
    ...one,
    name: nameOf(table.rules[one.rule]),
  })),
});

/** A rule as people name it. */
export const nameOf = (rule: Rule | undefined): string =>
  rule === undefined
    ? "no rule"
    : `${rule.route} rule ${rule.index + 1}${rule.name ? ` (${rule.name})` : ""}`;

const portOf = ({ port, protocol }: URL): number =>
  port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);
