// Owns the kind RequestAuthentication: whose tokens of end users a Gateway believes (the words are those of Istio's).
import * as z from "zod";
import {
  GATEWAY_GROUP,
  HEDDLE_API,
  labelNameSchema,
  resourceSchema,
  subdomainSchema,
} from "./meta.ts";
import { problem } from "./problem.ts";

const MAX_KEYS = 32;

/** A public key (JWK, RFC 7517) as identity providers print it; what else it says is not looked at. */
const keySchema = z
  .looseObject({
    kty: z.enum(["EC", "RSA", "OKP"]),
    kid: z.string().max(256).optional(),
  })
  .refine(
    (key) => !["d", "p", "q", "dp", "dq", "qi", "k"].some((name) => Object.hasOwn(key, name)),
    problem("has a private part", "Write the public key only, and rotate this one."),
  );

/** Headers that mean something already. */
const TAKEN =
  /^(?:host|cookie|connection|content-length|transfer-encoding|upgrade|authorization|cf-.*|(?:x-)?heddle.*|(?:x-)?forwarded.*|traceparent|tracestate)$/;

const headerSchema = z.strictObject({
  /** In lower case; a client cannot set it. */
  header: z
    .string()
    .max(128)
    .regex(/^[a-z0-9-]+$/, problem("is no header name", "Use lower-case letters, digits and -."))
    .refine(
      (name) => !TAKEN.test(name),
      problem("is a header with a meaning of its own", "Take another name, such as x-user."),
    ),
  /** A claim, or one inside of it by dots. */
  claim: z
    .string()
    .max(256)
    .regex(/^[^.]+(?:\.[^.]+)*$/, problem("is no claim", "Write its name, such as sub.")),
});

const ruleSchema = z
  .strictObject({
    /** What `iss` has to be. */
    issuer: z.string().min(1).max(2048),
    /** One of them has to be in `aud`. Absent: it is not looked at. */
    audiences: z.array(z.string().min(1).max(2048)).min(1).max(64).optional(),
    /** Where control fetches the keys; https. */
    jwksUri: z
      .url({ protocol: /^https?$/ })
      .max(2048)
      .optional(),
    /** The keys themselves (JWKS). */
    jwks: z.looseObject({ keys: z.array(keySchema).max(MAX_KEYS) }).optional(),
    outputClaimToHeaders: z.array(headerSchema).min(1).max(32).optional(),
    /** The application gets the token too. */
    forwardOriginalToken: z.boolean().default(false),
  })
  .refine(
    ({ jwksUri, jwks }) => (jwksUri === undefined) !== (jwks === undefined),
    problem("has not exactly one of jwksUri and jwks", "Write where the keys are, or the keys."),
  );
export type JwtRule = z.infer<typeof ruleSchema>;

const targetSchema = z.strictObject({
  group: z.literal(GATEWAY_GROUP).default(GATEWAY_GROUP),
  kind: z.literal("Gateway").default("Gateway"),
  name: labelNameSchema,
});

export const requestAuthenticationSpecSchema = z.strictObject({
  /** Gateways of the same namespace. */
  targetRefs: z.array(targetSchema).min(1).max(16),
  jwtRules: z.array(ruleSchema).min(1).max(16),
});
export type RequestAuthenticationSpec = z.infer<typeof requestAuthenticationSpecSchema>;

/** The kind RequestAuthentication. */
export const requestAuthenticationSchema = resourceSchema({
  apiVersions: [HEDDLE_API],
  kind: "RequestAuthentication",
  name: subdomainSchema,
  namespaced: true,
  spec: requestAuthenticationSpecSchema,
});
