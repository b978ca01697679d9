// Owns the list of the API's operations: path, method, what goes in and what comes out. The routes and the OpenAPI
// document are both made from it.
import * as z from "zod";
import { circuitSchema, steerSchema } from "./breaker/steer.ts";
import type { Role } from "../mesh/contract/state.ts";
import { ACCESS_OPERATIONS } from "./access/operations.ts";
import { workloadSchema } from "./resources/workload.ts";

const refSchema = z.strictObject({
  kind: z.string().min(1),
  /** Absent: `default`, or none for a kind that lives in no namespace. */
  namespace: z.string().optional(),
  name: z.string().min(1),
});
export type Ref = z.infer<typeof refSchema>;

const addressSchema = z.strictObject({
  type: z.string().min(1),
  value: z.string().min(1),
  /** The port of the listener that this address stands for. */
  listenerPort: z.int().optional(),
});

/** A resource as it is read back. */
const resourceSchema = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.record(z.string(), z.unknown()),
  spec: z.record(z.string(), z.unknown()),
  status: z.record(z.string(), z.unknown()).optional(),
});

const changeSchema = z.object({
  results: z.array(
    z.object({
      kind: z.string(),
      namespace: z.string().optional(),
      name: z.string(),
      verdict: z.enum(["created", "configured", "unchanged", "deleted", "absent"]),
      resourceVersion: z.string(),
    }),
  ),
  version: z.int().nullable(),
  warnings: z.array(z.string()),
});

const seenSchema = z.object({
  workload: z.string(),
  isolate: z.string(),
  version: z.int(),
  seenMs: z.number(),
  nack: z.object({ version: z.int(), reason: z.string() }).nullable(),
});
const convergenceSchema = z.object({
  version: z.int(),
  newest: z.int(),
  inUse: z.boolean(),
  acknowledged: z.array(seenSchema),
  pending: z.array(seenSchema),
  leaseMs: z.number(),
});

const goldenSchema = z.object({
  count: z.int(),
  errors: z.int(),
  retries: z.int(),
  success: z.number(),
  perSecond: z.number(),
  p50Ms: z.number().nullable(),
  p95Ms: z.number().nullable(),
  p99Ms: z.number().nullable(),
  outcomes: z.record(z.string(), z.int()),
});
const countsSchema = {
  effective: goldenSchema.nullable(),
  actual: goldenSchema.nullable(),
  refusals: z.record(z.string(), z.int()),
  inbound: z.record(z.string(), z.int()),
};
const statSchema = z.object({
  windowMs: z.number().nullable(),
  services: z.array(z.object({ service: z.string(), ...countsSchema })),
  edges: z.array(
    z.object({
      source: z.string(),
      destination: z.string(),
      ...countsSchema,
      routes: z.array(goldenSchema.extend({ route: z.string() })),
      endpoints: z.array(goldenSchema.extend({ route: z.string(), endpoint: z.string() })),
    }),
  ),
});

const wireKeySchema = z.object({ kid: z.string(), secret: z.string() });
const jwkSchema = z.record(z.string(), z.unknown());
const weaveSchema = z.object({
  workload: z.string(),
  mesh: z.string(),
  trustDomain: z.string(),
  version: z.int(),
  /** The whole table in base64; null before the first publication. */
  table: z.string().nullable(),
  publicKey: jwkSchema,
  seed: z.object({
    kid: z.string(),
    notAfterMs: z.number(),
    audience: z.array(wireKeySchema),
    pairs: z.record(z.string(), z.array(wireKeySchema)),
  }),
});

const applySchema = z.strictObject({
  documents: z.array(z.unknown()).min(1).max(20_000),
  dryRun: z.boolean().default(false),
});
const deleteSchema = z.strictObject({ refs: z.array(refSchema).min(1).max(20_000) });
const workloadsSchema = z.strictObject({ workloads: z.array(workloadSchema).max(1000) });
const addressesSchema = z.strictObject({
  gateways: z.array(
    z.strictObject({
      gateway: z.string().regex(/^[^/\s]+\/[^/\s]+$/, "is not `namespace/name`"),
      addresses: z.array(addressSchema),
    }),
  ),
});
/** One operation. */
export interface Operation {
  readonly method: "get" | "post" | "put" | "delete";
  /** In Hono's form; `{name}` in the OpenAPI document is `:name` here. */
  readonly path: string;
  readonly summary: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: z.ZodType;
  /** Absent: not JSON. */
  readonly answer?: z.ZodType;
  /** Answered without a token. */
  readonly open?: true;
  /** What the token must be good for; absent: `read` for `get`, else `operate`. */
  readonly role?: Role;
}

/** Every operation by its id. */
export const OPERATIONS = {
  live: { method: "get", path: "/livez", summary: "Whether control runs.", open: true },
  ready: {
    method: "get",
    path: "/readyz",
    summary: "Whether control can reach its objects.",
    open: true,
  },
  version: {
    method: "get",
    path: "/v1/version",
    summary: "Version of control and of the published table.",
    answer: z.object({ version: z.string(), mesh: z.string(), table: z.int() }),
  },
  listResources: {
    method: "get",
    path: "/v1/resources",
    summary: "Resources, by kind and namespace.",
    query: {
      kind: "Singular, plural or short name, in any case.",
      namespace: "Absent: every namespace.",
    },
    answer: z.object({ items: z.array(resourceSchema) }),
  },
  getResource: {
    method: "get",
    path: "/v1/resources/:kind/:namespace/:name",
    summary: "One resource; `_` is the namespace of a kind that lives in none.",
    answer: resourceSchema,
  },
  apply: {
    method: "post",
    path: "/v1/apply",
    summary: "Creates or changes resources, all or none, and publishes.",
    body: applySchema,
    answer: changeSchema,
  },
  delete: {
    method: "post",
    path: "/v1/delete",
    summary: "Deletes resources and publishes.",
    body: deleteSchema,
    answer: changeSchema,
  },
  convergence: {
    method: "get",
    path: "/v1/convergence",
    summary: "How far a table version has come.",
    query: { version: "Absent: the newest." },
    answer: convergenceSchema,
  },
  stat: {
    method: "get",
    path: "/v1/stat",
    summary: "Golden signals by service and edge: what callers saw, what endpoints did.",
    query: {
      service: "Names `name` or `namespace/name`, separated by commas. Absent: all.",
      window: "A duration from 1s to 6h, or `ever`. Absent: 1m.",
    },
    answer: statSchema,
  },
  metrics: {
    method: "get",
    path: "/metrics",
    summary: "Everything counted since ever, in Prometheus' text format 0.0.4.",
  },
  listBreakers: {
    method: "get",
    path: "/v1/breakers",
    summary: "Every circuit that has counted a call, and how it stands.",
    answer: z.object({ circuits: z.array(circuitSchema) }),
  },
  steerBreakers: {
    method: "post",
    path: "/v1/breakers",
    summary: "Holds circuits open by hand (`trip`) or closes them (`reset`).",
    body: steerSchema,
    answer: z.object({ circuits: z.array(circuitSchema) }),
  },
  listWorkloads: {
    method: "get",
    path: "/v1/workloads",
    summary: "The registered Workers.",
    answer: z.object({ workloads: z.array(workloadSchema) }),
  },
  putWorkloads: {
    method: "put",
    path: "/v1/workloads",
    summary: "Registers exactly these Workers and publishes.",
    body: workloadsSchema,
    answer: changeSchema,
  },
  addWorkloads: {
    method: "post",
    path: "/v1/workloads",
    summary: "Registers these Workers beside the others and publishes.",
    body: workloadsSchema,
    answer: changeSchema,
  },
  putAddresses: {
    method: "put",
    path: "/v1/addresses",
    summary: "Says where the listeners of Gateways can be reached.",
    body: addressesSchema,
    answer: z.object({ gateways: z.int(), missing: z.array(z.string()) }),
  },
  weave: {
    method: "get",
    path: "/v1/weave/:namespace/:name",
    summary: "What weaving puts beside a Worker: table, public key, deploy seed.",
    role: "operate",
    answer: weaveSchema,
  },
  table: { method: "get", path: "/v1/table", summary: "The published table, as KV holds it." },
  key: {
    method: "get",
    path: "/v1/key",
    summary: "The public key of the table's signature (JWK).",
    answer: jwkSchema,
  },
  ...ACCESS_OPERATIONS,
} as const satisfies Record<string, Operation>;
