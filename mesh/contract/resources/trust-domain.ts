// Owns the kind TrustDomain: another mesh, or any SPIFFE trust domain, whose workloads may prove who they are to this one.
import * as z from "zod";
import { HEDDLE_API, resourceSchema, subdomainSchema } from "./meta.ts";
import { problem } from "./problem.ts";
import { spiffePatternSchema, trustDomainSchema } from "./spiffe-pattern.ts";

const coordinate = z
  .string()
  .regex(/^[A-Za-z0-9_-]{16,800}$/, problem("is not base64url", "Copy the key again."));

/** A public key (JWK); a private part is refused as an unknown field. */
const keySchema = z.strictObject({
  kid: z.string().min(1).max(256),
  kty: z.enum(["EC", "RSA"]),
  use: z.enum(["wit-svid"]),
  alg: z.string().max(16).optional(),
  crv: z.enum(["P-256", "P-384"]).optional(),
  x: coordinate.optional(),
  y: coordinate.optional(),
  n: coordinate.optional(),
  e: z.string().max(16).optional(),
});

const bundleSchema = z
  .strictObject({
    /** Where control fetches the bundle from, again and again; https. */
    url: z
      .url({ protocol: /^https?$/ })
      .max(2048)
      .optional(),
    /** The keys themselves. */
    keys: z.array(keySchema).max(64).optional(),
  })
  .refine(
    ({ url, keys }) => (url === undefined) !== (keys === undefined),
    problem("has not exactly one of url and keys", "Write where the bundle is, or its keys."),
  );

export const trustDomainSpecSchema = z
  .strictObject({
    trustDomain: trustDomainSchema,
    bundle: bundleSchema,
    /** SPIFFE ids the domain may speak for. Absent: all of its own. */
    subjects: z.array(spiffePatternSchema).min(1).max(256).optional(),
    /** What the claim `iss` of its tokens has to say. Absent: it is not looked at. */
    issuers: z.array(z.string().min(1).max(2048)).min(1).max(16).optional(),
    /** Authorities its requests may be signed for. Absent: the hostnames of this mesh's listeners and routes. */
    authorities: z
      .array(
        z
          .string()
          .max(260)
          .regex(
            /^(?:\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?$/,
            problem("is not an authority", "Write host or host:port in lower case."),
          ),
      )
      .min(1)
      .max(64)
      .optional(),
  })
  .superRefine(({ trustDomain, subjects = [] }, context) => {
    subjects.forEach((subject, index) => {
      if (subject.startsWith(`spiffe://${trustDomain}/`) || subject === `spiffe://${trustDomain}`)
        return;
      context.addIssue({
        code: "custom",
        path: ["subjects", index],
        message: problem("is of another trust domain", `Write ids of spiffe://${trustDomain}.`),
        input: subject,
      });
    });
  });
export type TrustDomainSpec = z.infer<typeof trustDomainSpecSchema>;

/** The kind TrustDomain. */
export const trustDomainResourceSchema = resourceSchema({
  apiVersions: [HEDDLE_API],
  kind: "TrustDomain",
  name: subdomainSchema,
  namespaced: false,
  spec: trustDomainSpecSchema,
});
