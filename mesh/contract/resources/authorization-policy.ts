// Owns the kind AuthorizationPolicy: who may do what, at which services; ALLOW and DENY over callers, operations, conditions.
import * as z from "zod";
import {
  HEDDLE_API,
  headerNameSchema,
  labelNameSchema,
  labelsSchema,
  resourceSchema,
  subdomainSchema,
} from "./meta.ts";
import { problem } from "./problem.ts";

/** No pattern is longer, in bytes. */
const MAX_PATTERN = 256;
const MAX_RULES = 512;
const MAX_LIST = 256;

const pattern = (expression: RegExp, what: string, mend: string) =>
  z.string().min(1).max(MAX_PATTERN).regex(expression, problem(what, mend));
const listOf = <S extends z.ZodType>(schema: S) => z.array(schema).min(1).max(MAX_LIST).optional();

const NAME = "([a-z0-9]([-a-z0-9.]*[a-z0-9])?|\\*)";
const principalSchema = pattern(
  new RegExp(`^(\\*|(spiffe://)?${NAME}/ns/${NAME}/sa/${NAME}|${NAME}/${NAME})$`),
  "is no principal",
  'Write "namespace/name", "trust.domain/ns/namespace/sa/name" or "*"; each name whole or "*".',
);
const nameSchema = pattern(
  /^[a-z0-9*]([-a-z0-9.]*[a-z0-9*])?$/,
  "is no name",
  'Write a name, or one "*" at its beginning or end.',
).refine(hasOneStar, problem("has more than one *", "Keep the one at an end."));
const hostSchema = pattern(
  /^(\*|\*?[-a-z0-9._[\]:]*[a-z0-9_\]]|[a-z0-9_[][-a-z0-9._[\]:]*\*)$/i,
  "is no host",
  'Write a host without port and trailing dot, or one "*" at its beginning or end.',
)
  .refine(hasOneStar, problem("has more than one *", "Keep the one at an end."))
  .refine(hasNoPort, problem("has a port", "Hosts are compared without theirs: leave it out."));
const methodSchema = pattern(
  /^(\*?[A-Z][A-Z-]*|[A-Z][A-Z-]*\*|\*)$/,
  "is no method",
  'Write it in upper case, such as "GET", or one "*" at its beginning or end.',
);
const portSchema = pattern(/^[1-9]\d{0,4}$/, "is no port", 'Write a number as text, such as "80".');
const rpcSchema = pattern(
  /^([A-Za-z_$][\w$]*(\(\))?(\.[A-Za-z_$][\w$]*(\(\))?)*\.([A-Za-z_$][\w$]*|\*)|\*)$/,
  "is no RPC method",
  'Write "Entrypoint.method", "default.method" for the default export, and "Entrypoint.open().method" for what a returned target offers.',
);
const blockSchema = pattern(
  /^[0-9a-f:.]+(\/\d{1,3})?$/i,
  "is no address",
  'Write an address or a block, such as "10.0.0.0/8".',
);
const textSchema = z
  .string()
  .min(1)
  .max(MAX_PATTERN)
  .refine(hasOneStar, problem("has a * inside", "A * may stand at the beginning or the end."));

/** A `*` stands alone or at one end. */
function hasOneStar(value: string): boolean {
  const inner = value.startsWith("*") ? value.slice(1) : value.replace(/\*$/, "");
  return !inner.includes("*");
}

/** Colons of an address in brackets are none of a port. */
function hasNoPort(host: string): boolean {
  return !host.replace(/^\*?\[[^\]]*(\]|$)/, "").includes(":");
}

const PATH = /^[/*][^*{}?#%;\\]*\*?$/;
const TEMPLATE = /^(\/([^*{}/?#%;\\]*|\{\*{1,2}\}))+$/;
const pathSchema = pattern(
  /^[!-~]+$/,
  "is no path",
  "Use visible ASCII; write characters as a router sees them, not escaped.",
).refine(
  (path) =>
    path.includes("{")
      ? TEMPLATE.test(path) && path.split("{**}").length < 3
      : PATH.test(path) && hasOneStar(path),
  problem(
    "is no path pattern",
    'Write "/exact", "/prefix*", "*suffix" or a template such as "/users/{*}/orders/{**}" (one {**} at most, each a whole segment).',
  ),
);

const sourceSchema = atLeastOne(
  z.strictObject({
    principals: listOf(principalSchema),
    notPrincipals: listOf(principalSchema),
    namespaces: listOf(nameSchema),
    notNamespaces: listOf(nameSchema),
    trustDomains: listOf(nameSchema),
    notTrustDomains: listOf(nameSchema),
    /** Of the end user's token: `issuer/subject`. */
    requestPrincipals: listOf(textSchema),
    notRequestPrincipals: listOf(textSchema),
    ipBlocks: listOf(blockSchema),
    notIpBlocks: listOf(blockSchema),
    remoteIpBlocks: listOf(blockSchema),
    notRemoteIpBlocks: listOf(blockSchema),
  }),
);

const HTTP_FIELDS = ["hosts", "ports", "methods", "paths"] as const;
const operationSchema = atLeastOne(
  z.strictObject({
    hosts: listOf(hostSchema),
    notHosts: listOf(hostSchema),
    ports: listOf(portSchema),
    notPorts: listOf(portSchema),
    methods: listOf(methodSchema),
    notMethods: listOf(methodSchema),
    paths: listOf(pathSchema),
    notPaths: listOf(pathSchema),
    rpc: listOf(rpcSchema),
    notRpc: listOf(rpcSchema),
  }),
).superRefine((operation, context) => {
  const isRpc = operation.rpc !== undefined || operation.notRpc !== undefined;
  const clash = HTTP_FIELDS.flatMap((name) => [
    name,
    `not${name[0]?.toUpperCase()}${name.slice(1)}`,
  ]).find((name) => name in operation);
  if (!isRpc || clash === undefined) return;
  const message = problem(
    `mixes rpc with ${clash}`,
    "No call is both: write one operation for HTTP and one for RPC.",
  );
  context.addIssue({ code: "custom", path: ["rpc"], message, input: operation });
});

/** Every list present makes one part; an empty object would silently match everything. */
function atLeastOne<S extends z.ZodType<object>>(schema: S): S {
  return schema.refine(
    (value) => Object.keys(value).length > 0,
    problem("says nothing", "Name what it is about, or leave it out."),
  );
}

/** What a condition may look at, beside `request.headers[NAME]` and `request.auth.claims[NAME]…`. */
export const CONDITION_KEYS = [
  "source.principal",
  "source.namespace",
  "source.trustDomain",
  "source.ip",
  "source.via",
  "remote.ip",
  "destination.ip",
  "destination.port",
  "request.auth.principal",
  "request.auth.audiences",
  "request.auth.presenter",
] as const;
const HEADER_KEY = /^request\.headers\[([^\]]+)\]$/;
const CLAIM_KEY = /^request\.auth\.claims((\[[^\][]{1,128}\]){1,8})$/;

/** The header or the claim that a key names; null for one of `CONDITION_KEYS`. */
export function readConditionKey(
  key: string,
): { readonly on: "header" | "claim"; readonly name: readonly string[] } | null {
  const header = HEADER_KEY.exec(key)?.[1];
  if (header !== undefined) return { on: "header", name: [header.toLowerCase()] };
  const claim = CLAIM_KEY.exec(key)?.[1];
  return claim === undefined ? null : { on: "claim", name: claim.slice(1, -1).split("][") };
}

const isKey = (key: string): boolean => {
  const read = readConditionKey(key);
  if (read === null) return (CONDITION_KEYS as readonly string[]).includes(key);
  return read.on === "claim" || headerNameSchema.safeParse(read.name[0]).success;
};

const conditionSchema = z
  .strictObject({
    key: z
      .string()
      .max(MAX_PATTERN)
      .refine(
        isKey,
        problem(
          "is no key of a condition",
          `Write request.headers[NAME], request.auth.claims[NAME], or one of ${CONDITION_KEYS.join(", ")}.`,
        ),
      ),
    values: listOf(textSchema),
    notValues: listOf(textSchema),
  })
  .refine(
    ({ values, notValues }) => values !== undefined || notValues !== undefined,
    problem("has neither values nor notValues", "Name at least one of them."),
  );
export type PolicyCondition = z.infer<typeof conditionSchema>;

const ruleSchema = z.strictObject({
  /** One of them has to hold; absent: whoever calls. */
  from: z.array(sourceSchema).min(1).max(MAX_LIST).optional(),
  /** One of them has to hold; absent: whatever is asked. */
  to: z.array(operationSchema).min(1).max(MAX_LIST).optional(),
  /** All of them have to hold. */
  when: z.array(conditionSchema).min(1).max(MAX_LIST).optional(),
});
export type AuthorizationRule = z.infer<typeof ruleSchema>;

const targetSchema = z.strictObject({
  group: z.enum(["", "gateway.networking.k8s.io"]).default(""),
  kind: z.enum(["Service", "Gateway"]).default("Service"),
  name: labelNameSchema,
});

export const authorizationPolicySpecSchema = z
  .strictObject({
    /** Services of the policy's own namespace; absent: all of them. */
    targetRefs: z.array(targetSchema).min(1).max(16).optional(),
    /** Only Workers with these labels. */
    selector: z.strictObject({ matchLabels: labelsSchema }).optional(),
    /** `mesh`: services of every namespace. */
    scope: z.enum(["namespace", "mesh"]).optional(),
    action: z.enum(["ALLOW", "DENY"]).default("ALLOW"),
    /** `shadow`: judged and told, without effect. */
    mode: z.enum(["enforce", "shadow"]).default("enforce"),
    /** An ALLOW policy without rules allows nothing, a DENY policy without rules denies nothing. */
    rules: z.array(ruleSchema).max(MAX_RULES).default([]),
  })
  .superRefine((spec, context) => {
    if (spec.targetRefs === undefined || (spec.scope ?? spec.selector) === undefined) return;
    const field = spec.scope === undefined ? "selector" : "scope";
    const message = problem(
      `stands beside targetRefs`,
      "Targets say already which services are meant: remove one of the two.",
    );
    context.addIssue({ code: "custom", path: [field], message, input: spec });
  });
export type AuthorizationPolicySpec = z.infer<typeof authorizationPolicySpecSchema>;

/** The kind AuthorizationPolicy. */
export const authorizationPolicySchema = resourceSchema({
  apiVersions: [HEDDLE_API],
  kind: "AuthorizationPolicy",
  name: subdomainSchema,
  namespaced: true,
  spec: authorizationPolicySpecSchema,
});
