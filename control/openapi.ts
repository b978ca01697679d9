// Owns the OpenAPI document of control's API: made from the operations and the resources' schemas, not by hand.
// `UPDATE_GOLDEN=1 vitest run test/control/openapi.test.ts` writes openapi.json.
import * as z from "zod";
import { KINDS } from "../mesh/contract/resources/kinds.ts";
import { OPERATIONS, type Operation } from "./api.ts";
import { VERSION } from "./version.ts";

type Json = Readonly<Record<string, unknown>>;

const PROBLEM: Json = { $ref: "#/components/schemas/Problem" };

/** The document, OpenAPI 3.1. */
export function toOpenApi(): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const [id, operation] of Object.entries<Operation>(OPERATIONS)) {
    const path = operation.path.replaceAll(/:(\w+)/g, "{$1}");
    (paths[path] ??= {})[operation.method] = toOperation(id, operation);
  }
  const kinds = KINDS.map(({ kind, schema }) => [kind, toSchema(schema)]);
  return {
    openapi: "3.1.0",
    info: { title: "Heddle control", version: VERSION, license: { name: "Apache-2.0" } },
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
      schemas: { ...Object.fromEntries(kinds), Problem: problemSchema },
    },
  };
}

function toOperation(operationId: string, operation: Operation): Json {
  const { summary, path, query = {}, body, answer, open } = operation;
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const inQuery = Object.entries(query).map(([name, description]) => ({
    name,
    in: "query",
    description,
    schema: { type: "string" },
  }));
  const parameters = [...inPath, ...inQuery];
  return {
    operationId,
    summary,
    ...(open ? { security: [] } : {}),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body ? { requestBody: { required: true, content: json(toSchema(body)) } } : {}),
    responses: {
      "200": { description: "Done.", ...(answer ? { content: json(toSchema(answer)) } : {}) },
      default: {
        description: "A problem (RFC 9457).",
        content: { "application/problem+json": { schema: PROBLEM } },
      },
    },
  };
}

const json = (schema: Json): Json => ({ "application/json": { schema } });

/** JSON Schema of what is sent; rules over several fields have no words in it. */
function toSchema(schema: z.ZodType): Json {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  void $schema;
  return rest;
}

const fieldErrorSchema: Json = {
  type: "object",
  required: ["path", "kind", "message", "mend"],
  properties: {
    path: { type: "string", description: "Begins at the request's body." },
    kind: { type: "string", description: "Kind of the value found there." },
    message: { type: "string" },
    mend: { type: "string", description: "What to write instead." },
  },
};
const problemSchema: Json = {
  type: "object",
  required: ["type", "title", "status", "errors"],
  properties: {
    type: { type: "string", format: "uri" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
    errors: { type: "array", items: fieldErrorSchema },
  },
};
