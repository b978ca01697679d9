// Owns the compiler: accepted resources in, the table's directory and chunks and every resource's status out. Pure.
import { digestOf } from "../../mesh/identity/digest.ts";
import type { BreakerPolicies, StoredResource } from "../../mesh/contract/state.ts";
import {
  type ChunkRef,
  type Directory,
  MESH_VERSION,
  TABLE_FORMAT,
} from "../../mesh/contract/table.ts";
import { policyStatuses } from "../status/policies.ts";
import { type StatusWrite, statusesOf } from "../status/statuses.ts";
import { trafficStatuses } from "../status/traffic.ts";
import { attachRoute, sideOf } from "./attach.ts";
import { eastWestChunks } from "./east-west.ts";
import { type Inventory, compareText, takeInventory } from "./inventory.ts";
import { northSouthChunks } from "./north-south.ts";
import { compilePolicies } from "./policies.ts";
import { createReachJudge } from "./reach.ts";
import { needsLate } from "./late.ts";
import { RPC_KIND } from "./rpc-routes.ts";
import { type CompiledRoute, compileRoute } from "./rules.ts";
import { levelsOf } from "./services.ts";
import { compileTrust } from "./trust.ts";
import { breakerPolicies, compileTraffic, withTraffic } from "./traffic.ts";

/** Name and trust domain of a mesh that has no Mesh resource. */
export const NAMELESS_MESH = { name: "mesh", trustDomain: "mesh.internal" } as const;

export interface CompileInput {
  readonly resources: readonly StoredResource[];
  readonly version: number;
  readonly previous: number;
  readonly nowMs: number;
}

export interface Compiled {
  readonly directory: Directory;
  /** The chunks' bytes, back to back in the order of the directory. */
  readonly chunks: readonly Uint8Array[];
  readonly statuses: readonly StatusWrite[];
  /** What the objects open circuits by. */
  readonly breakers: BreakerPolicies;
}

/** Compiles one turn. */
export function compile(input: CompileInput): Compiled {
  const inventory = takeInventory(input.resources);
  const judgeReach = createReachJudge(inventory);
  const outcomes = [...inventory.routes, ...inventory.rpcRoutes].map((source, rank) => {
    const route = {
      gateway: compileRoute(source, rank, "gateway", inventory),
      service: compileRoute(source, rank, "service", inventory),
    };
    const attached = attachRoute(source, inventory);
    const reach = attached.map((parent) =>
      judgeReach(parent, source.namespace, route[sideOf(parent)]),
    );
    return { source, route, attached, reach };
  });
  const placed = outcomes.map(({ source, route, attached }) => ({
    route,
    isRpc: source.stored.kind === RPC_KIND,
    namespace: source.namespace,
    attachments: attached.flatMap(({ attachments }) => attachments),
  }));
  const trustDomain = inventory.mesh?.spec.trustDomain ?? NAMELESS_MESH.trustDomain;
  const policies = compilePolicies(inventory, trustDomain);
  const traffic = compileTraffic(inventory);
  const trust = compileTrust(inventory, trustDomain, input.nowMs);
  const content = new Map<string, unknown>([
    ...policies.chunks,
    ...trust.chunks,
    ...northSouthChunks(placed, inventory),
    ...withTraffic(eastWestChunks(placed, inventory, traffic, input.nowMs), traffic),
  ]);
  const { refs, chunks } = layOut(content);
  const splits = placed.some(
    ({ route, attachments }) => attachments.length > 0 && isSplit(route.service),
  );
  const { tracing, cohort } = inventory.defaults;
  const late = needsLate(content) || tracing !== undefined || cohort !== undefined;
  return {
    directory: toDirectory(input, inventory, { splits, late }, refs),
    chunks,
    statuses: [
      ...statusesOf(inventory, outcomes, input),
      ...policyStatuses(policies.outcomes, input.nowMs),
      ...trust.statuses,
      ...trafficStatuses(traffic.outcomes, input.nowMs),
    ],
    breakers: breakerPolicies(traffic, inventory.defaults),
  };
}

function toDirectory(
  { version, previous, nowMs }: CompileInput,
  { mesh, defaults, services }: Inventory,
  told: Pick<Directory, "splits" | "late">,
  chunks: Directory["chunks"],
): Directory {
  return {
    format: TABLE_FORMAT,
    mesh: mesh?.stored.metadata.name ?? NAMELESS_MESH.name,
    trustDomain: mesh?.spec.trustDomain ?? NAMELESS_MESH.trustDomain,
    version,
    previous,
    createdMs: nowMs,
    minMesh: MESH_VERSION,
    bypass: (mesh?.spec.bypass ?? []).map(({ feature, service }) => ({
      feature,
      ...(service ? { service } : {}),
    })),
    defaults,
    ...told,
    levels: levelsOf(services, defaults.identity.level),
    chunks,
  };
}

const isSplit = (route: CompiledRoute): boolean =>
  route.rules.some(({ rule }) => rule.backends.filter(({ weight }) => weight > 0).length > 1);

/** Turns chunks into bytes, in the order of their ids, with where each lies and what it hashes to. */
function layOut(content: ReadonlyMap<string, unknown>): {
  refs: Record<string, ChunkRef>;
  chunks: Uint8Array[];
} {
  const encoder = new TextEncoder();
  const refs: Record<string, ChunkRef> = {};
  const chunks: Uint8Array[] = [];
  let offset = 0;
  for (const [id, value] of [...content].toSorted(([a], [b]) => compareText(a, b))) {
    const bytes = encoder.encode(JSON.stringify(value));
    refs[id] = {
      hash: digestOf(bytes),
      offset,
      length: bytes.length,
    };
    chunks.push(bytes);
    offset += bytes.length;
  }
  return { refs, chunks };
}
