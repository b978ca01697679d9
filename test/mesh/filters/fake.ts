// An isolate with a clock, randomness and endpoints of the test's own; a call through it runs the real chain.
import { DEFAULTS } from "../../../mesh/contract/defaults.ts";
import type { HostChunk } from "../../../mesh/contract/gateway.ts";
import type { Verdict } from "../../../mesh/contract/pulse.ts";
import type { Rule, RuleTable } from "../../../mesh/contract/rule.ts";
import type { ServiceChunk } from "../../../mesh/contract/service.ts";
import type { Defaults } from "../../../mesh/contract/table.ts";
import type { HttpParts, OutboundCall } from "../../../mesh/pipeline/call.ts";
import { rootContext } from "../../../mesh/pipeline/context.ts";
import {
  LEASE,
  type AttemptRecord,
  type CallRecord,
  type Circuit,
  type EndpointBinding,
  type Isolate,
  type Scope,
  type ServiceState,
  type TableView,
} from "../../../mesh/pipeline/isolate.ts";
import { newCall } from "../../../mesh/pipeline/new-call.ts";
import { late } from "../../../mesh/weave/late.ts";

export type Answering = (
  url: string,
  init: RequestInit,
  attempt: number,
) => Promise<Response> | Response;

export interface FakeOptions {
  /** Circuits of the test's own; absent: all are closed. */
  readonly circuit?: Isolate["circuit"];
  readonly services: readonly ServiceChunk[];
  readonly answering: Readonly<Record<string, Answering>>;
  readonly defaults?: Partial<Defaults>;
  readonly bypassed?: readonly string[];
  readonly tokens?: number;
  /** The budget was opened before; absent: true. */
  readonly isOpen?: boolean;
  /** What objects said, and how long ago, ms; absent: nothing, and now. */
  readonly heard?: readonly Verdict[];
  readonly heardAgoMs?: number;
}

export interface Fake {
  readonly isolate: Isolate;
  readonly records: CallRecord[];
  readonly attempts: AttemptRecord[];
  readonly slept: number[];
  readonly states: Map<string, ServiceState>;
  nowMs: number;
}

export const service = (name: string, more: Partial<ServiceChunk> = {}): ServiceChunk => ({
  service: `default/${name}`,
  ports: null,
  endpoints: [{ id: `default/${name}`, worker: `default/${name}`, weight: 1, labels: {} }],
  level: "session",
  balance: "p2c",
  maxInFlight: 1024,
  producer: null,
  consumer: null,
  ...more,
});

/** One rule for every path. */
export const everyPath = (rule: Partial<Rule> & Pick<Rule, "backends">): RuleTable => ({
  rules: [{ route: "default/route", index: 0, ...rule }],
  exact: {},
  prefix: { "": [{ rule: 0 }] },
  regex: [],
});

const CLOSED: Circuit = {
  object: "breaker:closed",
  isClosed: () => true,
  admit: () => LEASE.none,
  good: () => undefined,
  settle: () => undefined,
};

export function fake(options: FakeOptions): Fake {
  const self: Fake = {
    isolate: undefined as never,
    records: [],
    attempts: [],
    slept: [],
    states: new Map(),
    nowMs: 1_800_000_000_000,
  };
  const table = tableOf(options);
  const bindings = new Map(
    Object.entries(options.answering).map(([name, answering]) => [name, bindingOf(answering)]),
  );
  let seed = 1;
  const isolate: Isolate = {
    workload: "default/caller",
    trustDomain: "test.example",
    proofs: {
      mint: (audience) => ({ text: `1~s~proof-for-${audience}`, isDegraded: false }),
      isInDoubt: () => false,
      doubt: () => undefined,
      recall: () => null,
      verify: () => "unauthenticated",
      isKnown: () => false,
      accept: () => undefined,
      admitNonce: () => null,
    },
    now: () => self.nowMs,
    random: () => {
      seed = (seed * 16_807) % 2_147_483_647;
      return seed / 2_147_483_647;
    },
    sleep: async (ms) => {
      self.slept.push(ms);
      self.nowMs += ms;
    },
    table: () => table,
    late: () => late,
    loadLate: async () => true,
    ready: () => undefined,
    isFresh: () => true,
    isDegraded: () => false,
    isRevoked: () => false,
    service: (name) => {
      let state = self.states.get(name);
      if (state === undefined) {
        state = {
          inFlight: 0,
          loads: new Map(),
          turns: [],
          budget: { tokens: options.tokens ?? 1, isOpen: options.isOpen ?? true },
        };
        self.states.set(name, state);
      }
      return state;
    },
    reach: (workload) => bindings.get(workload) ?? null,
    pulse: () => null,
    relay: () => null,
    outward: () => {
      throw new Error("no url endpoints here");
    },
    record: (record) => void self.records.push(record),
    tracer: () => null,
    attempted: (attempt) => void self.attempts.push(attempt),
    circuit: (service, endpoint, scope) => options.circuit?.(service, endpoint, scope) ?? CLOSED,
    news: () => ({
      heard: options.heard ?? [],
      lastSyncMs: self.nowMs - (options.heardAgoMs ?? 0),
    }),
    settled: () => undefined,
  };
  return Object.assign(self, { isolate });
}

function bindingOf(answering: Answering): EndpointBinding {
  let attempt = 0;
  return {
    fetch: async (url, init) => answering(url, init, ++attempt),
    dispatch: async () => "rpc",
  };
}

function tableOf(options: FakeOptions): TableView {
  const services = new Map(options.services.map((chunk) => [chunk.service, chunk]));
  return {
    version: 1,
    defaults: { ...DEFAULTS, ...options.defaults },
    splits: false,
    service: (name) => services.get(name) ?? null,
    gateways: () => null,
    host: (): HostChunk | null => null,
    level: () => "session",
    isBodied: () => false,
    trust: () => null,
    policy: () => undefined,
    bypassed: (feature) => options.bypassed?.includes(feature) === true,
  };
}

export const scope = (more: Partial<Scope["context"]> = {}): Scope => ({
  context: { ...rootContext(() => 0.5), ...more },
  keeper: { waitUntil: () => undefined },
  cohort: more.cohort ?? "",
  allowance: more.allowance ?? 16,
  invocations: 1,
});

export const get = (path = "/", more: Partial<HttpParts> = {}): HttpParts => ({
  url: `http://callee${path}`,
  method: "GET",
  headers: {},
  body: null,
  replayable: true,
  signal: null,
  cf: undefined,
  host: "callee",
  port: 80,
  path,
  query: "",
  ...more,
});

export const call = (
  isolate: Isolate,
  to: string,
  more: Partial<OutboundCall> = {},
): OutboundCall => ({
  ...newCall(
    { isolate, source: "default/caller", onBehalf: "" },
    scope(),
    { service: `default/${to}`, entrypoint: null },
    get(),
    null,
  ),
  spanId: "0000000000000001",
  ...more,
});
