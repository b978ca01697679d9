// Owns the filters of an HTTPRoute, in the shape and with the rules of the Gateway API (v1, both channels).
import * as z from "zod";
import {
  headerNameSchema,
  headerValueSchema,
  portSchema,
  preciseHostnameSchema,
  uniqueBy,
} from "./meta.ts";
import { problem } from "./problem.ts";
import { backendObjectSchema, localObjectSchema } from "./reference.ts";

/** Characters a path may have on the wire. */
export const PATH_CHARACTERS = /^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+$/;
export const METHODS = [
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "DELETE",
  "CONNECT",
  "OPTIONS",
  "TRACE",
  "PATCH",
] as const;

const same = (item: string): string => item;
const headerSchema = z.strictObject({ name: headerNameSchema, value: headerValueSchema });
const headerListSchema = z
  .array(headerSchema)
  .max(16)
  .superRefine(uniqueBy((header) => header.name, "the header"));

const headerModifierSchema = z.strictObject({
  set: headerListSchema.optional(),
  add: headerListSchema.optional(),
  remove: z.array(z.string()).max(16).superRefine(uniqueBy(same, "the header")).optional(),
});

const fractionSchema = z
  .strictObject({ numerator: z.int().min(0), denominator: z.int().min(1).default(100) })
  .refine(
    (fraction) => fraction.numerator <= fraction.denominator,
    problem("is more than one", "Make the numerator at most the denominator."),
  );

const mirrorSchema = z
  .strictObject({
    backendRef: backendObjectSchema,
    percent: z.int().min(0).max(100).optional(),
    fraction: fractionSchema.optional(),
  })
  .refine(
    (mirror) => mirror.percent === undefined || mirror.fraction === undefined,
    problem("has percent and fraction", "Keep one of the two."),
  );

const pathModifierSchema = z
  .strictObject({
    type: z.enum(["ReplaceFullPath", "ReplacePrefixMatch"]),
    replaceFullPath: z.string().max(1024).optional(),
    replacePrefixMatch: z.string().max(1024).optional(),
  })
  .superRefine((path, context) => {
    const full = path.type === "ReplaceFullPath";
    const [wanted, unwanted] = full
      ? (["replaceFullPath", "replacePrefixMatch"] as const)
      : (["replacePrefixMatch", "replaceFullPath"] as const);
    if (path[wanted] === undefined)
      addIssue(context, [wanted], `is missing for type ${path.type}`, "Add it.");
    if (path[unwanted] !== undefined) {
      addIssue(
        context,
        [unwanted],
        `does not go with type ${path.type}`,
        "Remove it or change the type.",
      );
    }
  });

const redirectSchema = z.strictObject({
  scheme: z.enum(["http", "https"]).optional(),
  hostname: preciseHostnameSchema.optional(),
  path: pathModifierSchema.optional(),
  port: portSchema.optional(),
  statusCode: z.literal([301, 302, 303, 307, 308]).default(302),
});

const rewriteSchema = z.strictObject({
  hostname: preciseHostnameSchema.optional(),
  path: pathModifierSchema.optional(),
});

const ORIGIN =
  /(^\*$)|(^(http(s)?):\/\/(((\*\.)?([a-zA-Z0-9-]+\.)*[a-zA-Z0-9-]+|\*)(:([0-9]{1,5}))?)$)/;
const wildcardAlone = (items: readonly string[], context: z.RefinementCtx): void => {
  if (items.includes("*") && items.length > 1)
    addIssue(context, [], 'has "*" beside others', 'Keep only "*".');
};
const corsListSchema = <T extends z.ZodType<string>>(item: T, max: number, what: string) =>
  z.array(item).max(max).superRefine(uniqueBy(same, what));

const corsSchema = z.strictObject({
  allowOrigins: corsListSchema(
    z
      .string()
      .min(1)
      .max(253)
      .regex(
        ORIGIN,
        problem("is not an origin", 'Write "https://host[:port]", "https://*.host" or "*".'),
      ),
    64,
    "the origin",
  )
    .superRefine(wildcardAlone)
    .optional(),
  allowCredentials: z.boolean().optional(),
  allowMethods: corsListSchema(z.enum([...METHODS, "*"]), 9, "the method")
    .superRefine(wildcardAlone)
    .optional(),
  allowHeaders: corsListSchema(headerNameSchema, 64, "the header")
    .superRefine(wildcardAlone)
    .optional(),
  exposeHeaders: corsListSchema(headerNameSchema, 64, "the header").optional(),
  maxAge: z.int().min(1).default(5),
});

const headerNamesSchema = z
  .array(z.string())
  .max(64)
  .superRefine(uniqueBy(same, "the header"))
  .optional();
const externalAuthSchema = z
  .strictObject({
    protocol: z.enum(["HTTP", "GRPC"]),
    backendRef: backendObjectSchema,
    grpc: z.strictObject({ allowedHeaders: headerNamesSchema }).optional(),
    http: z
      .strictObject({
        path: z
          .string()
          .max(1024)
          .regex(
            PATH_CHARACTERS,
            problem("is not a path", "Percent-encode what a path may not hold."),
          )
          .optional(),
        allowedHeaders: headerNamesSchema,
        allowedResponseHeaders: headerNamesSchema,
      })
      .optional(),
    forwardBody: z.strictObject({ maxSize: z.int().min(0).optional() }).optional(),
  })
  .superRefine(
    (auth, context) => {
      const [wanted, unwanted] =
        auth.protocol === "HTTP" ? (["http", "grpc"] as const) : (["grpc", "http"] as const);
      if (!auth[wanted])
        addIssue(context, [wanted], `is missing for protocol ${auth.protocol}`, "Add it.");
      if (auth[unwanted])
        addIssue(context, [unwanted], `does not go with ${auth.protocol}`, "Remove it.");
    },
    { when: ({ value }) => ["HTTP", "GRPC"].includes(wordAt(value, "protocol")) },
  );

/** The field each filter type has its settings in. */
const FIELD_OF = {
  RequestHeaderModifier: "requestHeaderModifier",
  ResponseHeaderModifier: "responseHeaderModifier",
  RequestMirror: "requestMirror",
  RequestRedirect: "requestRedirect",
  URLRewrite: "urlRewrite",
  ExtensionRef: "extensionRef",
  CORS: "cors",
  ExternalAuth: "externalAuth",
} as const;
type FilterType = keyof typeof FIELD_OF;
const FILTER_TYPES = Object.keys(FIELD_OF) as FilterType[];

const filterSchemaOf = <T extends FilterType>(types: readonly T[]) =>
  z
    .strictObject({
      type: z.enum(types),
      requestHeaderModifier: headerModifierSchema.optional(),
      responseHeaderModifier: headerModifierSchema.optional(),
      requestMirror: mirrorSchema.optional(),
      requestRedirect: redirectSchema.optional(),
      urlRewrite: rewriteSchema.optional(),
      extensionRef: localObjectSchema.optional(),
      cors: corsSchema.optional(),
      externalAuth: externalAuthSchema.optional(),
    })
    .superRefine(
      (filter, context) => {
        for (const type of FILTER_TYPES) {
          const field = FIELD_OF[type];
          const isSet = filter[field] !== undefined;
          if (type === filter.type && !isSet)
            addIssue(context, [field], `is missing for type ${type}`, "Add it.");
          if (type !== filter.type && isSet) {
            addIssue(
              context,
              [field],
              `does not go with type ${filter.type}`,
              `Remove it or set type: ${type}.`,
            );
          }
        }
      },
      { when: ({ value }) => types.some((type) => type === wordAt(value, "type")) },
    );
export type HTTPRouteFilter = z.infer<ReturnType<typeof filterSchemaOf<FilterType>>>;

/** Types that a list of filters holds at most once. */
const ONCE: ReadonlySet<FilterType> = new Set([
  "RequestHeaderModifier",
  "ResponseHeaderModifier",
  "RequestRedirect",
  "URLRewrite",
  "CORS",
]);

/** The filters of a rule or a backendRef, of these types. */
export const filtersSchemaOf = <T extends FilterType>(types: readonly T[]) =>
  z
    .array(filterSchemaOf(types))
    .max(16)
    .superRefine((filters, context) => {
      const seen = new Set<FilterType>();
      filters.forEach(({ type }, index) => {
        if (ONCE.has(type) && seen.has(type))
          addIssue(context, [index], `repeats ${type}`, "Put both into one filter.");
        seen.add(type);
      });
      if (seen.has("RequestRedirect") && seen.has("URLRewrite")) {
        addIssue(context, [], "has RequestRedirect and URLRewrite", "Keep one of the two.");
      }
    });

/** The filters of an HTTPRoute. */
export const filtersSchema = filtersSchemaOf(FILTER_TYPES);

/** What a field of a value says, whatever else is wrong with the value: checks that need no more run with that too. */
function wordAt(value: unknown, field: string): string {
  const word = typeof value === "object" && value !== null ? Reflect.get(value, field) : "";
  return typeof word === "string" ? word : "";
}

function addIssue(
  context: z.RefinementCtx,
  path: (string | number)[],
  what: string,
  mend: string,
): void {
  context.addIssue({ code: "custom", path, message: problem(what, mend) });
}
