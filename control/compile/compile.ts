// Owns the compiler: accepted resources in, the table's directory and chunks and every resource's status out. Pure.
import { digestOf } from "../../mesh/identity/digest.ts";
import type { HTTPRouteSpec } from "../../mesh/contract/resources/http-route.ts";
import type { BreakerPolicies, StoredResource } from "../../mesh/contract/state.ts";
import {
  type ChunkRef,
  type Defaults,
  type Directory,
  MESH_VERSION,
  TABLE_FORMAT,
} from "../../mesh/contract/table.ts";
import { policyStatuses } from "../status/policies.ts";
import { type RouteOutcome, type StatusWrite, statusesOf } from "../status/statuses.ts";
import { trafficStatuses } from "../status/traffic.ts";
import { attachRoute, sideOf } from "./attach.ts";
import { compileAuthentication } from "./authentication.ts";
import { eastWestChunks } from "./east-west.ts";
import { type Inventory, type Known, compareText, takeInventory } from "./inventory.ts";
import { type PlacedRoute, northSouthChunks } from "./north-south.ts";
import { compilePolicies } from "./policies.ts";
import { createBound } from "./call-bounds.ts";
import { createReachJudge } from "./reach.ts";
import { isPart } from "./host-chunks.ts";
import { isLateChunk } from "./late.ts";
import { type Kept, type Reuse, createReuse } from "./reuse.ts";
import { RPC_KIND } from "./rpc-routes.ts";
import { type CompiledRoute, compileRoute } from "./rules.ts";
import { bodiedOf, levelsOf } from "./services.ts";
import { compileTrust } from "./trust.ts";
import { breakerPolicies, compileTraffic } from "./traffic.ts";

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
  /** For the next compilation. */
  readonly kept: Kept;
}

/** Compiles one turn; what the one before made is taken over where it would come out the same. */
export function compile(input: CompileInput, before?: Pick<Compiled, "kept">): Compiled {
  const reuse = createReuse(before?.kept);
  const inventory = takeInventory(input.resources, reuse);
  const outcomes = routeOutcomes(inventory, reuse);
  const trustDomain = inventory.mesh?.spec.trustDomain ?? NAMELESS_MESH.trustDomain;
  const policies = compilePolicies(inventory, trustDomain);
  const authentication = compileAuthentication(inventory, policies.chunks, input.nowMs);
  const traffic = compileTraffic(inventory);
  const trust = compileTrust(inventory, trustDomain, input.nowMs);
  const bound = createBound(traffic, reuse);
  const content = new Map<string, unknown>([
    ...policies.chunks,
    ...authentication.chunks,
    ...trust.chunks,
    ...northSouthChunks(outcomes, inventory, { bound, reuse }),
    ...eastWestChunks(outcomes, inventory, traffic, { nowMs: input.nowMs, bound, reuse }),
  ]);
  const { refs, chunks, needsLate } = layOut(content, reuse);
  const { tracing, cohort } = inventory.defaults;
  const told = {
    splits: outcomes.some(({ splits }) => splits),
    late: needsLate || tracing !== undefined || cohort !== undefined,
  };
  return {
    directory: toDirectory(input, inventory, told, refs),
    chunks,
    statuses: [
      ...statusesOf(inventory, outcomes, { ...input, reuse }),
      ...policyStatuses(policies.outcomes, input.nowMs),
      ...authentication.statuses,
      ...trust.statuses,
      ...trafficStatuses(traffic.outcomes, input.nowMs),
    ],
    breakers: breakerPolicies(traffic, inventory.defaults),
    kept: reuse.kept,
  };
}

/** A route with all that follows from it and the scene. */
type Routed = RouteOutcome & PlacedRoute & { readonly splits: boolean };

function routeOutcomes(inventory: Inventory, reuse: Reuse): Routed[] {
  const judgeReach = createReachJudge(inventory);
  const outcomeOf = (source: Known<HTTPRouteSpec>): Omit<Routed, "source" | "made"> => {
    const route = {
      gateway: compileRoute(source, "gateway", inventory),
      service: compileRoute(source, "service", inventory),
    };
    const attached = attachRoute(source, inventory);
    const attachments = attached.flatMap((parent) => parent.attachments);
    return {
      route,
      attached,
      attachments,
      reach: attached.map((parent) => judgeReach(parent, source.namespace, route[sideOf(parent)])),
      isRpc: source.stored.kind === RPC_KIND,
      namespace: source.namespace,
      splits: attachments.length > 0 && isSplit(route.service),
    };
  };
  return [...inventory.routes, ...inventory.rpcRoutes].map((source) => {
    // The same spec is that of the same resource, see takeInventory.
    const made = reuse.from("route", source.spec, [inventory.scene], () => outcomeOf(source));
    return { ...made, source, made };
  });
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
    minMesh: minMeshOf(told.late !== false || Object.keys(chunks).some(isPart), defaults),
    bypass: (mesh?.spec.bypass ?? []).map(({ feature, service }) => ({
      feature,
      ...(service ? { service } : {}),
    })),
    defaults,
    ...told,
    levels: levelsOf(services, defaults.identity.level),
    ...bodiedOf(services),
    chunks,
  };
}

/** What an older isolate would not honour it must not take: policies and all that needs the late part, and no more. */
const minMeshOf = (late: boolean, { authorization }: Defaults): number =>
  late || authorization?.defaultAction === "deny" ? MESH_VERSION : 1;

const isSplit = (route: CompiledRoute): boolean =>
  route.rules.some(({ rule }) => rule.backends.filter(({ weight }) => weight > 0).length > 1);

interface Piece {
  readonly text: string;
  readonly bytes: Uint8Array;
  readonly hash: string;
  readonly isLate: boolean;
}

/** Turns chunks into bytes, in the order of their ids, with where each lies and what it hashes to. */
function layOut(
  content: ReadonlyMap<string, unknown>,
  reuse: Reuse,
): { refs: Record<string, ChunkRef>; chunks: Uint8Array[]; needsLate: boolean } {
  const encoder = new TextEncoder();
  const refs: Record<string, ChunkRef> = {};
  const chunks: Uint8Array[] = [];
  let offset = 0;
  let needsLate = false;
  for (const [id, value] of [...content].toSorted(([a], [b]) => compareText(a, b))) {
    const { bytes, hash, isLate } = reuse.of(`bytes ${id}`, [value], (last?: Piece): Piece => {
      const text = JSON.stringify(value);
      if (last?.text === text) return last;
      const made = encoder.encode(text);
      return { text, bytes: made, hash: digestOf(made), isLate: isLateChunk(id, value) };
    });
    refs[id] = { hash, offset, length: bytes.length };
    chunks.push(bytes);
    offset += bytes.length;
    needsLate ||= isLate;
  }
  return { refs, chunks, needsLate };
}
