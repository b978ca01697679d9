// Owns which listener answers a request and under which of its hostnames: most specific first, until a rule matches.
import type { ListenerEntry } from "../../contract/gateway.ts";
import type { RuleTable } from "../../contract/rule.ts";
import { firstHost } from "./host.ts";

/** The listener a request came in by: Gateway, listener name or empty, port. Null where only its host is known. */
export interface CameBy {
  readonly gateway: string;
  readonly listener: string;
  readonly port: number;
}

/** What is asked of each table that may have the rule: its index, or -1. */
export type AskTable = (table: RuleTable, entry: ListenerEntry, hostname: string) => number;

/** A rule by the table it stands in. */
export interface RuleAt {
  readonly table: RuleTable;
  readonly index: number;
}

/**
 * Asks the tables of listeners and hostnames that take `host` in the order of the Gateway API, until one has a rule. A
 * named listener answers for its hosts alone: the request is not handed to a less specific one (GEP-1713).
 */
export const ruleAtListeners = (
  listeners: readonly ListenerEntry[],
  host: string,
  came: CameBy | null,
  tableOf: (entry: ListenerEntry, hostname: string) => RuleTable | null,
  ask: AskTable,
): RuleAt | null => {
  const { hostnames, byHostname } = groupsOf(listeners, came);
  const found = firstHost(host, hostnames, (hostname): RuleAt | typeof NONE | null => {
    for (const entry of byHostname.get(hostname) ?? []) {
      const rule = ruleAt(entry, host, tableOf, ask);
      if (rule !== null) return rule;
    }
    return came === null ? null : NONE;
  });
  return found === NONE ? null : found;
};

/** A listener that has no rule, and is not passed over. */
const NONE = Symbol();

interface Groups {
  readonly hostnames: readonly string[];
  readonly byHostname: ReadonlyMap<string, readonly ListenerEntry[]>;
}

const groups = new WeakMap<readonly ListenerEntry[], Map<string, Groups>>();

/** The listeners that may answer, by hostname; made once for each way in. */
const groupsOf = (listeners: readonly ListenerEntry[], came: CameBy | null): Groups => {
  let known = groups.get(listeners);
  if (known === undefined) groups.set(listeners, (known = new Map()));
  const key = came === null ? "" : `${came.gateway} ${came.listener} ${came.port}`;
  let made = known.get(key);
  if (made === undefined) {
    const byHostname = new Map<string, ListenerEntry[]>();
    for (const entry of listeners) {
      if (came !== null && !isFor(entry, came)) continue;
      const same = byHostname.get(entry.hostname);
      if (same === undefined) byHostname.set(entry.hostname, [entry]);
      else same.push(entry);
    }
    made = { hostnames: [...byHostname.keys()], byHostname };
    known.set(key, made);
  }
  return made;
};

const isFor = (entry: ListenerEntry, came: CameBy): boolean =>
  entry.gateway === came.gateway &&
  entry.port === came.port &&
  (came.listener === "" || entry.listener === came.listener);

const ruleAt = (
  entry: ListenerEntry,
  host: string,
  tableOf: (entry: ListenerEntry, hostname: string) => RuleTable | null,
  ask: AskTable,
): RuleAt | null =>
  firstHost(host, entry.hosts, (hostname) => {
    const table = tableOf(entry, hostname);
    if (table === null) return null;
    const index = ask(table, entry, hostname);
    return index < 0 ? null : { table, index };
  });
