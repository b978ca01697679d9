// Owns the table's chunks of gateways: their listeners, and the routes of a hostname on one (docs/wire.md, "Table").
import type { RuleTable } from "./rule.ts";

/** Chunk `gateways`: every listener of every Gateway. */
export interface GatewaysChunk {
  readonly listeners: readonly ListenerEntry[];
}

export interface ListenerEntry {
  /** `namespace/name` of the Gateway. */
  readonly gateway: string;
  readonly listener: string;
  readonly port: number;
  readonly protocol: string;
  /** Lower case; `*` where the listener takes every host. */
  readonly hostname: string;
  /** Hostnames that have a chunk, most specific first: exact, longer wildcard, shorter wildcard, `*`. */
  readonly hosts: readonly string[];
}

/** Chunk `host:…`: the routes of one hostname on one listener. */
export interface HostChunk {
  readonly table: RuleTable;
  /**
   * How many parts it is divided into: its own table is empty, and a request is looked up in chunk `host:…#n`, n by the
   * value of the header `by` (in lower case; empty where there is none), else by the path's first segment.
   */
  readonly parts?: number;
  readonly by?: string;
}
