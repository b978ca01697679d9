// A whole application as Workers generated from a topology, under a real `heddle dev`: nothing fails, nobody is unknown.
import { existsSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DevMesh, startMesh } from "../conformance/heddle.ts";
import { closeConnections } from "../conformance/meshconf/wire.ts";
import {
  drive,
  failuresOf,
  hopsOf,
  type Journey,
  meansOf,
  sharesOf,
  traceIdsOf,
} from "../topologies/drive.ts";
import { type GenerateOptions, writeTopology } from "../topologies/project.ts";
import { meanCalls, readTopology, type Topology } from "../topologies/topology.ts";

const SHARED = path.join(
  import.meta.dirname,
  "../../../shared/conformance/topologies/bookinfo.json",
);
const OWN = path.join(import.meta.dirname, "../topologies/own.json");
const SCRATCH = path.join(import.meta.dirname, "../../.heddle/topologies");
const REQUESTS = 5000;
const SEED = 42;

const topology = readTopology(existsSync(SHARED) ? SHARED : OWN);
/** A service that calls another one, and one that is only called. */
const [middle, leaf] = pickJoined(topology);

/**
 * HOOK for the verified-identity assertion: complete it from what the callee's mesh says it verified (its access log in
 * `mesh.logFile`, or `/dev/counters`). To return one line per call between services that did not carry a verified
 * identity of the calling service, and one per journey whose hops do not share one trace id; empty is good.
 */
async function identityFaults(
  _mesh: DevMesh,
  _topology: Topology,
  _journeys: readonly Journey[],
): Promise<readonly string[]> {
  return [];
}

describe.each<[string, GenerateOptions]>([
  ["woven", {}],
  [
    `with ${leaf} behind the relay and ${middle} by hand`,
    { join: { [leaf]: "relay", [middle]: "hand" } },
  ],
])(`${topology.name} %s`, (name, options) => {
  let mesh: DevMesh;
  let journeys: readonly Journey[] = [];

  beforeAll(async () => {
    const folder = path.join(SCRATCH, `${topology.name}-${name.split(" ")[0]}`);
    writeTopology(folder, topology, options);
    mesh = await startMesh(folder);
  }, 240_000);
  afterAll(async () => {
    closeConnections();
    await mesh?.stop();
  });

  it(`answers ${REQUESTS} requests without a failure`, { timeout: 240_000 }, async () => {
    const { host: address } = new URL(mesh.ready.gateway);
    journeys = await drive(topology, { address, requests: REQUESTS, seed: SEED });
    expect(failuresOf(journeys).slice(0, 20)).toEqual([]);
    expect(journeys).toHaveLength(REQUESTS);
  });

  it("makes the calls of the topology, split over the versions", () => {
    const [entry] = topology.entry[0]!.requests;
    const means = meansOf(journeys);
    for (const [edge, mean] of meanCalls(topology, entry!.service, entry!.endpoint))
      expect(Math.abs((means.get(edge) ?? 0) - mean), edge).toBeLessThan(0.05);
    for (const service of topology.services.filter((one) => one.versions !== undefined)) {
      const versions = Object.entries(service.versions ?? {});
      const total = versions.reduce((sum, [, weight]) => sum + weight, 0);
      const shares = sharesOf(journeys, service.name);
      for (const [version, weight] of versions)
        expect(Math.abs((shares.get(version) ?? 0) - weight / total), version).toBeLessThan(0.05);
    }
  });

  it("runs one trace id through all hops, and shows user code no header of the mesh", () => {
    const records = journeys.flatMap(({ record }) => record ?? []);
    const torn = records.map(traceIdsOf).filter((ids) => ids.length > 1);
    expect(torn.slice(0, 5)).toEqual([]);
    const seen = new Set(records.flatMap(hopsOf).flatMap((hop) => hop.headers));
    expect([...seen].filter((header) => header.startsWith("heddle"))).toEqual([]);
  });

  it("carries a verified identity on every call between services", async () => {
    expect((await identityFaults(mesh, topology, journeys)).slice(0, 20)).toEqual([]);
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
