// Owns the mesh that is simulated: its services and routes, compiled and signed as control does it, and its keys.
import { generateKeyPairSync, sign } from "node:crypto";
import { compile } from "../../../control/compile/compile.ts";
import {
  EPOCH_MS,
  SEED_LIFE_MS,
  type KeySet,
  type Revocation,
  type WireKey,
  type WrappedKeys,
} from "../../contract/identity.ts";
import { parseResource } from "../../contract/resources/parse.ts";
import type { StoredResource } from "../../contract/state.ts";
import { audienceSecret, pairSeed, toWireKey } from "../../identity/derive.ts";
import { Secret, type KeyBytes } from "../../identity/secret.ts";
import { wrapKeys } from "../../identity/seed.ts";
import { writeTable } from "../../identity/table-frame.ts";

export const TRUST_DOMAIN = "simulated.example";
/** Who calls, who is called, and who should not get through. */
export const FRONT = "default/front";
export const MALLORY = "default/mallory";
/** Its routes split it over two versions. */
export const CART = "default/cart";
export const CART_VERSIONS = ["default/cart-v1", "default/cart-v2"] as const;
/** Takes what must not happen twice. */
export const PAY = "default/pay";
/** Asks for a proof per request. */
export const VAULT = "default/vault";
export const CALLEES: readonly string[] = [...CART_VERSIONS, PAY, VAULT];
/** Who calls whom. */
export const UPSTREAMS: Readonly<Record<string, readonly string[]>> = {
  [FRONT]: CALLEES,
  [MALLORY]: CALLEES,
  [CART_VERSIONS[0]]: [PAY],
  [CART_VERSIONS[1]]: [PAY],
};
/** Tries after the first that the defaults of the mesh allow. */
export const RETRIES = 1;

const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
/** Of the table signature, as weaving puts it into a Worker. */
export const TABLE_KEY: JsonWebKey = pair.publicKey.export({ format: "jwk" }) as JsonWebKey;
const forger = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;

/** The table of a version, in the form of the KV value; a forged one is signed by somebody else. */
export function tableOf(
  version: number,
  canaryWeight: number,
  nowMs: number,
  isForged = false,
): Uint8Array {
  const { directory, chunks } = compile({
    resources: resourcesOf(canaryWeight),
    version,
    previous: version - 1,
    nowMs,
  });
  const bytes = new TextEncoder().encode(JSON.stringify(directory));
  const key = isForged ? forger : pair.privateKey;
  return writeTable(bytes, sign("sha256", bytes, { key, dsaEncoding: "ieee-p1363" }), chunks);
}

function resourcesOf(canaryWeight: number): readonly StoredResource[] {
  const heddle = "heddle.dev/v1";
  const backends = [
    { name: "cart-v1", port: 80, weight: 100 - canaryWeight },
    { name: "cart-v2", port: 80, weight: canaryWeight },
  ];
  return [
    {
      apiVersion: heddle,
      kind: "Mesh",
      metadata: { name: "simulated" },
      spec: { trustDomain: TRUST_DOMAIN },
    },
    ...["cart", "cart-v1", "cart-v2", "pay"].map((name) => ({
      apiVersion: heddle,
      kind: "Service",
      metadata: { name },
      spec: { ports: [{ port: 80 }] },
    })),
    {
      apiVersion: heddle,
      kind: "Service",
      metadata: { name: "vault" },
      spec: { ports: [{ port: 80 }], identity: { level: "request" } },
    },
    {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      metadata: { name: "cart" },
      spec: {
        parentRefs: [{ group: "", kind: "Service", name: "cart" }],
        rules: [{ backendRefs: backends }],
      },
    },
  ]
    .map(toStored)
    .concat(["front", "mallory", "cart-v1", "cart-v2", "pay", "vault"].map(toWorkload));
}

const stamp = {
  generation: 1,
  resourceVersion: "1",
  creationTimestamp: "2026-01-01T00:00:00Z",
  uid: "u",
};

function toStored(document: object): StoredResource {
  const parsed = parseResource(document);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  const { kind, apiVersion, namespace, name, spec } = parsed.resource;
  return { apiVersion, kind: kind.kind, metadata: { ...stamp, namespace, name }, spec };
}

const toWorkload = (name: string): StoredResource => ({
  apiVersion: "heddle.dev/internal",
  kind: "Workload",
  metadata: { ...stamp, namespace: "default", name },
  spec: {
    labels: {},
    woven: true,
    entrypoints: [],
    bound: (UPSTREAMS[`default/${name}`] ?? []).slice(),
    dials: [],
    edge: false,
  },
});

/** The epoch an instant lies in. */
export const epochOf = (nowMs: number): number => Math.floor(nowMs / EPOCH_MS);

/** Keys of a workload for these key ids, as control derives them. */
export function keysOf(
  workload: string,
  kids: readonly string[],
  revoked: readonly Revocation[],
): KeySet {
  if (revoked.some(({ value }) => value === workload)) return { audience: [], pairs: {} };
  return {
    audience: kids.map((kid) => ownKey(kid, workload)),
    pairs: Object.fromEntries(
      (UPSTREAMS[workload] ?? []).map((upstream) => [
        upstream,
        kids.map((kid) => pairKey(kid, workload, upstream)),
      ]),
    ),
  };
}

const masterOf = (kid: string): KeyBytes => {
  const bytes = new Uint8Array(32).fill(7);
  new TextEncoder().encodeInto(kid, bytes);
  return new Secret(bytes);
};

const derived = new Map<string, WireKey>();

function memoised(name: string, make: () => WireKey): WireKey {
  const known = derived.get(name) ?? make();
  derived.set(name, known);
  return known;
}

const ownKey = (kid: string, workload: string): WireKey =>
  memoised(`${kid} ${workload}`, () => toWireKey(kid, audienceSecret(masterOf(kid), workload)));

const pairKey = (kid: string, caller: string, audience: string): WireKey =>
  memoised(`${kid} ${caller} ${audience}`, () =>
    toWireKey(
      kid,
      pairSeed(audienceSecret(masterOf(kid), audience), TRUST_DOMAIN, caller, audience),
    ),
  );

/** The key-encryption key of every simulated Worker. */
export const KEK: string = "A".repeat(43);

/** The deploy seed of a workload. */
export async function seedOf(workload: string, nowMs: number): Promise<WrappedKeys> {
  const keys = keysOf(workload, ["s1"], []);
  const wrapped = await wrapKeys(keys, KEK, workload, nowMs + SEED_LIFE_MS, new Uint8Array(12));
  if (wrapped === null) throw new Error("the key-encryption key of the simulation is malformed");
  return wrapped;
}
