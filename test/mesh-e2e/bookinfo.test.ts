// A whole application as Workers generated from a topology, under a real `heddle dev`: nothing fails, nobody is unknown.
import { existsSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DevMesh, startMesh } from "../conformance/heddle.ts";
import { closeConnections } from "../conformance/meshconf/wire.ts";
import { claimFolder } from "../conformance/scratch.ts";
import {
  answersOf,
  callsOf,
  drive,
  failuresOf,
  hopsOf,
  type Journey,
  meansOf,
  traceIdsOf,
} from "../topologies/drive.ts";
import { type GenerateOptions, workloadsOf, writeTopology } from "../topologies/project.ts";
import { meanCalls, readTopology, type Topology } from "../topologies/topology.ts";

const SHARED = path.join(
  import.meta.dirname,
  "../../../shared/conformance/topologies/bookinfo.json",
);
const OWN = path.join(import.meta.dirname, "../topologies/own.json");
const SCRATCH = claimFolder(path.join(import.meta.dirname, "../../.heddle/topologies"));
const REQUESTS = process.env["HEDDLE_LONG"] ? 5000 : 800;
const SEED = 42;
/** Standard errors that a figure of drawn requests may lie off: one run in a million lies further. */
const SIGMAS = 5;

const topology = readTopology(existsSync(SHARED) ? SHARED : OWN);
/** A service that calls another one, and one that is only called. */
const [middle, leaf] = pickJoined(topology);

const RELAY = "heddle/relay";
const GATEWAY = "heddle/gateway";
type Counts = Readonly<Record<string, number>>;

/** What each isolate's mesh counted since it was born, by workload. */
async function countsOf({ ready }: DevMesh): Promise<ReadonlyMap<string, Counts>> {
  const headers = { authorization: `Bearer ${ready.token}` };
  const answer = await fetch(new URL("/dev/mesh", ready.control), { headers });
  const { workers } = (await answer.json()) as {
    readonly workers: Readonly<Record<string, Counts>>;
  };
  return new Map(Object.entries(workers));
}

/** `from>to` by workload, as the callees' mesh verified it; whoever it did not verify is `nobody`. */
function verifiedEdges(counts: ReadonlyMap<string, Counts>): ReadonlyMap<string, number> {
  const edges = new Map<string, number>();
  for (const own of counts.values()) {
    for (const [key, times] of Object.entries(own)) {
      const [kind, side, source = "", destination = "", outcome] = key.split("|");
      if (kind !== "call" || side !== "inbound") continue;
      const isVerified = source !== "" && outcome === "ok";
      const edge = `${isVerified ? source : `nobody (${source} ${outcome})`}>${destination}`;
      edges.set(edge, (edges.get(edge) ?? 0) + times);
    }
  }
  return edges;
}

/** The same edges as the journeys say they were travelled; calls to a Worker behind the relay end there, verified. */
function travelledEdges(
  journeys: readonly Journey[],
  isPlain: (service: string) => boolean,
): ReadonlyMap<string, number> {
  const edges = new Map<string, number>();
  const add = (from: string, to: string): void =>
    void edges.set(`${from}>${to}`, (edges.get(`${from}>${to}`) ?? 0) + 1);
  const pass = (from: string, service: string, version: string): void => {
    // What a plain Worker sends, the relay sends on behalf of it; what it gets, the relay has verified.
    add(from, isPlain(service) ? RELAY : nameOf(service, version));
  };
  for (const { record } of journeys) {
    if (record === null) continue;
    pass(GATEWAY, record.service, record.version);
    for (const hop of hopsOf(record)) {
      const answered = hop.calls.flatMap((call) => call.record ?? []);
      for (const below of answered)
        pass(nameOf(hop.service, hop.version), below.service, below.version);
    }
  }
  return edges;
}

function nameOf(service: string, version: string): string {
  const found = topology.services.find(({ name }) => name === service);
  const workload = found && workloadsOf(found).find((one) => one.version === version);
  return `${topology.name}/${workload?.name ?? service}`;
}

describe.each<[string, number, GenerateOptions]>([
  ["woven", REQUESTS, {}],
  [
    `with ${leaf} behind the relay and ${middle} by hand`,
    REQUESTS,
    { join: { [leaf]: "relay", [middle]: "hand" } },
  ],
  [`with ${middle} behind the relay`, REQUESTS / 5, { join: { [middle]: "relay" } }],
])(`${topology.name} %s`, (name, requests, options) => {
  let mesh: DevMesh;
  let journeys: readonly Journey[] = [];

  beforeAll(async () => {
    const folder = path.join(SCRATCH, `${topology.name}-${name.replaceAll(" ", "-")}`);
    writeTopology(folder, topology, options);
    mesh = await startMesh(folder);
  }, 240_000);
  afterAll(async () => {
    closeConnections();
    await mesh?.stop();
  });

  it(`answers ${requests} requests without a failure`, { timeout: 240_000 }, async () => {
    const { host: address } = new URL(mesh.ready.gateway);
    journeys = await drive(topology, { address, requests, seed: SEED });
    expect(failuresOf(journeys).slice(0, 20)).toEqual([]);
    expect(journeys).toHaveLength(requests);
  });

  it("makes the calls of the topology, split over the versions", () => {
    const [entry] = topology.entry[0]!.requests;
    const means = meansOf(journeys);
    for (const [edge, expected] of meanCalls(topology, entry!.service, entry!.endpoint)) {
      const { mean, error } = means.get(edge) ?? { mean: 0, error: 0 };
      expect(Math.abs(mean - expected), edge).toBeLessThanOrEqual(SIGMAS * error);
    }
    for (const service of topology.services.filter((one) => one.versions !== undefined)) {
      const versions = Object.entries(service.versions ?? {});
      const weights = versions.reduce((sum, [, weight]) => sum + weight, 0);
      const answers = answersOf(journeys, service.name);
      const hops = [...answers.values()].reduce((sum, count) => sum + count, 0);
      for (const [version, weight] of versions) {
        const share = weight / weights;
        const off = Math.abs((answers.get(version) ?? 0) / hops - share);
        expect(off, version).toBeLessThan(SIGMAS * Math.sqrt((share * (1 - share)) / hops));
      }
    }
  });

  it("runs one trace id of its own through all hops of each request", () => {
    const records = journeys.flatMap(({ record }) => record ?? []);
    const traces = records.map(traceIdsOf);
    expect(traces.filter((ids) => ids.length !== 1).slice(0, 5)).toEqual([]);
    expect(new Set(traces.flat()).size).toBe(records.length);
    const untraced = records.flatMap(hopsOf).filter(({ traceparent }) => traceparent === null);
    expect(untraced).toHaveLength(0);
  });

  it("carries a verified identity on every call between services", async () => {
    const isPlain = (service: string): boolean => options.join?.[service] === "relay";
    const counted = Object.fromEntries(verifiedEdges(await countsOf(mesh)));
    expect(counted).toEqual(Object.fromEntries(travelledEdges(journeys, isPlain)));
    const calls = journeys.flatMap(({ record }) => (record === null ? [] : callsOf(record)));
    const verified = Object.values(counted).reduce((sum, times) => sum + times, 0);
    expect(verified).toBe(calls.length + journeys.length);
  });
});

function pickJoined(of: Topology): [middle: string, leaf: string] {
  const callees = new Set(of.endpoints.flatMap(({ calls }) => calls.map((call) => call.to)));
  const callers = new Set(
    of.endpoints.filter((one) => one.calls.length > 0).map((one) => one.service),
  );
  const isPlain = (name: string): boolean =>
    of.services.find((one) => one.name === name)?.versions === undefined;
  const leaves = [...callees].filter((name) => !callers.has(name) && isPlain(name));
  const middles = [...callees].filter((name) => callers.has(name));
  return [middles[0]!, leaves.at(-1)!];
}
