// Owns the references specs point to each other with: parentRef, backendRef, secret and object references.
import * as z from "zod";
import {
  GATEWAY_GROUP,
  groupSchema,
  kindSchema,
  labelNameSchema,
  objectNameSchema,
  portSchema,
  subdomainSchema,
} from "./meta.ts";
import { problem } from "./problem.ts";

/** What a route attaches to: a Gateway (north-south) or a Service (mesh). */
export const parentRefSchema = z.strictObject({
  group: groupSchema.default(GATEWAY_GROUP),
  kind: kindSchema.default("Gateway"),
  namespace: labelNameSchema.optional(),
  name: objectNameSchema,
  sectionName: subdomainSchema.optional(),
  port: portSchema.optional(),
});
export type ParentRef = z.infer<typeof parentRefSchema>;

/** Fields of a reference to a backend; the port is demanded for a Service by `needsPort`. */
export const backendObjectShape = {
  group: groupSchema.default(""),
  kind: kindSchema.default("Service"),
  name: objectNameSchema,
  namespace: labelNameSchema.optional(),
  port: portSchema.optional(),
};

/** A reference to a Service names its port. */
export const needsPort = (
  ref: { readonly group: string; readonly kind: string; readonly port?: number | undefined },
  context: z.RefinementCtx,
): void => {
  if (ref.group !== "" || ref.kind !== "Service" || ref.port !== undefined) return;
  const message = problem(
    "is missing for a Service",
    "Add the port of the service, such as port: 80.",
  );
  context.addIssue({ code: "custom", path: ["port"], message, input: ref });
};

/** A backend without weight or filters (mirror and external authorization targets). */
export const backendObjectSchema = z.strictObject(backendObjectShape).superRefine(needsPort);

/** A reference to an object of the same namespace. */
export const localObjectSchema = z.strictObject({
  group: groupSchema,
  kind: kindSchema,
  name: objectNameSchema,
});

/** A reference to a Secret, possibly of another namespace. */
export const secretRefSchema = z.strictObject({
  group: groupSchema.default(""),
  kind: kindSchema.default("Secret"),
  name: objectNameSchema,
  namespace: labelNameSchema.optional(),
});

/** A reference to an object of any kind, possibly of another namespace. */
export const objectRefSchema = z.strictObject({
  group: groupSchema,
  kind: kindSchema,
  name: objectNameSchema,
  namespace: labelNameSchema.optional(),
});

/** The most parents a route has. */
const MAX_PARENTS = 32;

/** Checks a list of parentRefs: two to the same parent differ in sectionName or port, and both set the same of them. */
export function distinctParents(refs: readonly ParentRef[], context: z.RefinementCtx): void {
  const known = new Map<string, ParentRef[]>();
  // A longer list is refused for its length.
  refs.slice(0, MAX_PARENTS).forEach((ref, index) => {
    const key = parentKey(ref);
    const same = known.get(key) ?? [];
    for (const earlier of same) {
      const message = parentClash(earlier, ref);
      if (message) context.addIssue({ code: "custom", path: [index], message, input: ref });
    }
    known.set(key, [...same, ref]);
  });
}

const parentKey = (ref: ParentRef): string =>
  JSON.stringify([ref.group, ref.kind, ref.namespace ?? null, ref.name]);

function parentClash(a: ParentRef, b: ParentRef): string | null {
  const mend = "Give every reference to this parent a sectionName or a port of its own.";
  if (a.sectionName === b.sectionName && a.port === b.port)
    return problem("repeats a parent", mend);
  const sameFields =
    (a.sectionName === undefined) === (b.sectionName === undefined) &&
    (a.port === undefined) === (b.port === undefined);
  return sameFields ? null : problem("names a parent again without sectionName or port", mend);
}
