// Owns the operations about who may do what: control tokens, the audit trail, keys and revocations.
import * as z from "zod";
import { REVOCATION_KINDS } from "../../mesh/contract/identity.ts";
import { ROLES } from "../../mesh/contract/state.ts";
import { parseSpiffeId } from "../../mesh/identity/outward/spiffe-id.ts";

const tokenNameSchema = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, "is no name");
const tokenSchema = z.object({
  name: z.string(),
  role: z.enum(ROLES),
  by: z.string(),
  createdMs: z.number(),
  expiresMs: z.number(),
});
const newTokenSchema = z.strictObject({
  name: tokenNameSchema,
  role: z.enum(ROLES),
  days: z.int().min(1).max(3650).default(90),
});
const auditSchema = z.object({
  entries: z.array(
    z.object({
      id: z.int(),
      atMs: z.number(),
      by: z.string(),
      action: z.string(),
      status: z.int(),
      subject: z.string(),
    }),
  ),
});

const WORKLOAD = String.raw`[^/\s>@]+\/[^/\s>@]+`;
const revocationSchema = z.object({
  kind: z.enum(REVOCATION_KINDS),
  value: z.string(),
  atMs: z.number(),
});
const revokeSchema = z
  .strictObject({
    kind: z.enum(REVOCATION_KINDS),
    /**
     * A workload `namespace/name` or its SPIFFE id, of this mesh or another; a key id; `ns/caller>ns/callee` for a session
     * or a binding; or `ns/name@tag`.
     */
    value: z.string().min(1).max(2048),
  })
  .refine(
    ({ kind, value }) =>
      (value.length <= MOST_OF_NAMES && FORM_OF[kind].test(value)) ||
      (kind === "subject" && isWorkloadId(value)),
    "value is not of the kind's form",
  );
/** The longest value that is no SPIFFE id. */
const MOST_OF_NAMES = 253;
const FORM_OF: Readonly<Record<(typeof REVOCATION_KINDS)[number], RegExp>> = {
  subject: new RegExp(`^${WORKLOAD}$`),
  kid: /^[esw]\d{1,12}$/,
  session: new RegExp(`^${WORKLOAD}>${WORKLOAD}$`),
  binding: new RegExp(`^${WORKLOAD}>${WORKLOAD}$`),
  version: new RegExp(`^${WORKLOAD}@[A-Za-z0-9][A-Za-z0-9._-]*$`),
};
/** An id without a path is a trust domain's own: trust in that one ends with its TrustDomain. */
function isWorkloadId(value: string): boolean {
  const id = parseSpiffeId(value);
  return typeof id !== "string" && id.path !== "";
}
const keySchema = z.object({
  kid: z.string(),
  purpose: z.enum(["table", "epoch", "seed", "token"]),
  state: z.enum(["prepared", "active", "retired", "revoked"]),
  preparedMs: z.number(),
  activeMs: z.number(),
  notAfterMs: z.number(),
});
const rotateSchema = z.strictObject({
  purpose: z.enum(["token", "seed", "table"]),
  /** Takes over at once, though verifiers that keep to the refresh hint do not know it yet. */
  now: z.boolean().default(false),
});

/** By id; all of `admin` but reading one's own mesh's identities. */
export const ACCESS_OPERATIONS = {
  listTokens: {
    method: "get",
    path: "/v1/tokens",
    summary: "Control tokens, without the tokens themselves.",
    answer: z.object({ tokens: z.array(tokenSchema) }),
    role: "admin",
  },
  addToken: {
    method: "post",
    path: "/v1/tokens",
    summary: "Makes a control token; it is told this once.",
    body: newTokenSchema,
    answer: z.object({
      token: z.string(),
      name: z.string(),
      role: z.enum(ROLES),
      expiresMs: z.number(),
    }),
    role: "admin",
  },
  removeToken: {
    method: "delete",
    path: "/v1/tokens/:name",
    summary: "Ends a control token.",
    answer: z.object({ name: z.string() }),
    role: "admin",
  },
  audit: {
    method: "get",
    path: "/v1/audit",
    summary: "Who changed what, newest first.",
    query: {
      limit: "At most so many, 1 to 1000. Absent: 100.",
      before: "Only those before this id.",
    },
    answer: auditSchema,
    role: "admin",
  },
  identity: {
    method: "get",
    path: "/v1/identity",
    summary: "Trust domain, keys by slot, and revocations in force.",
    answer: z.object({
      trustDomain: z.string(),
      keys: z.array(keySchema),
      revocations: z.array(revocationSchema),
    }),
  },
  inspectIdentity: {
    method: "get",
    path: "/v1/identity/:namespace/:name",
    summary: "What one workload is given: its id, level, and whom it may prove itself to.",
    answer: z.object({
      workload: z.string(),
      id: z.string(),
      registered: z.boolean(),
      level: z.string(),
      revoked: z.boolean(),
      audiences: z.array(z.string()),
    }),
  },
  rotate: {
    method: "post",
    path: "/v1/identity/rotate",
    summary: "Lets a new key take over; earlier ones stay good until their end.",
    body: rotateSchema,
    answer: z.object({ purpose: z.string(), kid: z.string() }),
    role: "admin",
  },
  revoke: {
    method: "post",
    path: "/v1/revoke",
    summary:
      "Revokes a workload of this mesh or another, one version of it, a key, or one's calls to another.",
    body: revokeSchema,
    answer: z.object({ revocations: z.array(revocationSchema) }),
    role: "admin",
  },
  bundle: {
    method: "get",
    path: "/.well-known/spiffe/bundle.json",
    summary: "The trust bundle (SPIFFE Trust Domain and Bundle, JWKS).",
    answer: z.object({
      keys: z.array(z.record(z.string(), z.unknown())),
      spiffe_sequence: z.int(),
      spiffe_refresh_hint: z.int(),
    }),
    open: true,
  },
} as const;
