// Owns the common Kubernetes shape (apiVersion, kind, metadata, spec, status) and the small words specs are built of.
import * as z from "zod";
import { problem } from "./problem.ts";

export const GATEWAY_GROUP = "gateway.networking.k8s.io";
export const GATEWAY_API = `${GATEWAY_GROUP}/v1`;
export const HEDDLE_API = "heddle.dev/v1";
/** The namespace of a resource that names none. */
export const DEFAULT_NAMESPACE = "default";

const LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;

const word = (pattern: string, max: number, what: string, mend: string): z.ZodString =>
  z.string().min(1).max(max).regex(new RegExp(pattern), problem(what, mend));

/** RFC 1123 label: the name of a namespace, a service or a Worker. */
export const labelNameSchema = word(
  `^${LABEL}$`,
  63,
  "is not a DNS label",
  'Use lower-case letters, digits and "-", with a letter or digit at both ends.',
);
/** RFC 1123 subdomain: the name of most resources, a listener or a rule. */
export const subdomainSchema = word(
  `^${SUBDOMAIN}$`,
  253,
  "is not a DNS name",
  'Use lower-case letters, digits, "-" and ".", with a letter or digit at both ends of each part.',
);
/** Name of an object that a reference points to; its own kind checks the syntax. */
export const objectNameSchema = z.string().min(1).max(253);
/** A hostname, or a wildcard such as `*.example.com`. */
export const hostnameSchema = word(
  `^(\\*\\.)?${SUBDOMAIN}$`,
  253,
  "is not a hostname",
  'Write a lower-case name without scheme or port, such as "shop.example" or "*.shop.example".',
);
/** A hostname without a wildcard. */
export const preciseHostnameSchema = word(
  `^${SUBDOMAIN}$`,
  253,
  "is not a hostname without wildcard",
  'Write a lower-case name without scheme, port or "*", such as "shop.example".',
);
/** API group; empty is the core group. */
export const groupSchema = z
  .string()
  .max(253)
  .regex(
    new RegExp(`^$|^${SUBDOMAIN}$`),
    problem("is not an API group", `Write "" or a DNS name such as "${GATEWAY_GROUP}".`),
  );
export const kindSchema = word(
  "^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$",
  63,
  "is not a kind",
  'Use letters, digits and "-", beginning with a letter, such as "Service".',
);
export const portSchema = z.int().min(1).max(65535);

/** HTTP header name (also used for query parameters and cookies). */
export const headerNameSchema = word(
  "^[A-Za-z0-9!#$%&'*+\\-.^_\\x60|~]+$",
  256,
  "is not a header name",
  "Use letters, digits and !#$%&'*+-.^_`|~ only.",
);
/** HTTP header value: visible ASCII, single blanks between. */
export const headerValueSchema = word(
  "^[!-~]+([\\t ][!-~]+)*$",
  4096,
  "is not a header value",
  "Use visible ASCII with single blanks between words.",
);

/** Key of a label or an annotation. */
export const labelKeySchema = z
  .string()
  .regex(
    new RegExp(`^(${SUBDOMAIN}/)?([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$`),
    problem(
      "is not a label key",
      'Write "name" or "dns.prefix/name", the name at most 63 characters.',
    ),
  )
  .refine(
    (key) => (key.split("/")[0] ?? "").length < 253,
    problem("has a prefix of over 252 characters", "Shorten it."),
  );
const labelValueSchema = z
  .string()
  .max(63)
  .regex(
    /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/,
    problem("is not a label value", 'Use at most 63 letters, digits, "-", "_" and ".".'),
  );
/** Labels by key. */
export const labelsSchema = z.record(labelKeySchema, labelValueSchema);
/** Annotations by key; values are free text. */
export const annotationsSchema = z.record(labelKeySchema, z.string().max(262_144));

/** A Kubernetes label selector: every part must hold. */
export const labelSelectorSchema = z.strictObject({
  matchLabels: labelsSchema.optional(),
  matchExpressions: z
    .array(
      z.strictObject({
        key: z.string(),
        operator: z.enum(["In", "NotIn", "Exists", "DoesNotExist"]),
        values: z.array(z.string()).optional(),
      }),
    )
    .optional(),
});
export type LabelSelector = z.infer<typeof labelSelectorSchema>;

const readBack = {
  generation: z.int().optional(),
  resourceVersion: z.string().optional(),
  creationTimestamp: z.string().optional(),
  uid: z.string().optional(),
};

const metadataSchema = (name: z.ZodString, namespaced: boolean) =>
  z.strictObject({
    name,
    ...(namespaced ? { namespace: labelNameSchema.default(DEFAULT_NAMESPACE) } : {}),
    labels: labelsSchema.optional(),
    annotations: annotationsSchema.optional(),
    ...readBack,
  });

/** The schema of one kind around the schema of its spec. */
export const resourceSchema = <S extends z.ZodType>(shape: {
  readonly apiVersions: readonly [string, ...string[]];
  readonly kind: string;
  readonly name: z.ZodString;
  readonly namespaced: boolean;
  readonly spec: S;
}) =>
  z.strictObject({
    apiVersion: z.enum(shape.apiVersions),
    kind: z.literal(shape.kind),
    metadata: metadataSchema(shape.name, shape.namespaced),
    spec: shape.spec,
    status: z.record(z.string(), z.unknown()).optional(),
  });

/** A list whose items differ in the key (undefined: none); adds an error at each later twin. */
export const uniqueBy =
  <T>(key: (item: T) => string | undefined, what: string) =>
  (items: readonly T[], context: z.RefinementCtx): void => {
    const seen = new Set<string>();
    items.forEach((item, index) => {
      const id = key(item);
      if (id === undefined) return;
      if (seen.has(id)) {
        const message = problem(
          `repeats ${what} ${JSON.stringify(id)}`,
          "Remove it or give it another one.",
        );
        context.addIssue({ code: "custom", path: [index], message, input: item });
      }
      seen.add(id);
    });
  };
