// The limits of the Gateway API's schemas where they lie: every enum, bound and pattern of ours is the same.
import { existsSync, readFileSync } from "node:fs";
import * as z from "zod";
import { expect, it } from "vitest";
import { gatewaySpecSchema } from "../../../../mesh/contract/resources/gateway.ts";
import { grpcRouteSpecSchema } from "../../../../mesh/contract/resources/grpc-route.ts";
import { httpRouteSpecSchema } from "../../../../mesh/contract/resources/http-route.ts";
import { referenceGrantSpecSchema } from "../../../../mesh/contract/resources/reference-grant.ts";

type Limit = Readonly<Record<string, unknown>>;
type Limits = Readonly<Record<string, Readonly<Record<string, Limit>>>>;

const file = `${import.meta.dirname}/../../../../../shared/conformance/gateway-api-validation/limits.json`;
const limits = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Limits) : {};
if (Object.keys(limits).length === 0) it.skip("../shared is not here: no limits", () => {});

const schemas: Readonly<Record<string, z.ZodType>> = {
  HTTPRoute: httpRouteSpecSchema,
  GRPCRoute: grpcRouteSpecSchema,
  Gateway: gatewaySpecSchema,
  ReferenceGrant: referenceGrantSpecSchema,
};
const COMPARED = [
  "enum",
  "minimum",
  "maximum",
  "minItems",
  "maxItems",
  "maxLength",
  "default",
] as const;
/** Where we differ on purpose. */
const KNOWN = new Set([
  // There is one class, so it may be left out.
  "Gateway spec required",
]);

for (const [kind, schema] of Object.entries(schemas)) {
  const ours = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Limit;
  for (const [path, theirs] of Object.entries(limits[kind] ?? {})) {
    it(`${kind} ${path}`, () => {
      const found = at(ours, path.split(".").slice(1));
      expect(found, "no such field").not.toBeNull();
      for (const name of COMPARED) {
        if (theirs[name] === undefined) continue;
        const value = name === "enum" ? enumOf(found!) : found![name];
        expect(value, name).toEqual(theirs[name]);
      }
      const required = theirs["required"] as string[] | undefined;
      if (!required || KNOWN.has(`${kind} ${path} required`)) return;
      expect([...((found!["required"] as string[] | undefined) ?? [])].toSorted()).toEqual(
        required.toSorted(),
      );
    });
  }
}

function at(schema: Limit, [part, ...rest]: readonly string[]): Limit | null {
  if (part === undefined) return schema;
  const [name = "", ...steps] = part.split(/(?=\[\]|\{\})/);
  const properties = schema["properties"] as Readonly<Record<string, Limit>> | undefined;
  let found: Limit | undefined = properties?.[name];
  for (const step of steps) {
    found = found?.[step === "[]" ? "items" : "additionalProperties"] as Limit | undefined;
  }
  return found ? at(found, rest) : null;
}

function enumOf(schema: Limit): unknown {
  if (schema["enum"]) return schema["enum"];
  const branches = schema["anyOf"] as readonly Limit[] | undefined;
  return branches?.map((branch) => branch["const"]);
}
