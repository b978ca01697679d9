// Owns reading a request's body: JSON of the right shape, or a problem that names every field at fault.
import type * as z from "zod";
import { toFieldErrors } from "../../mesh/contract/resources/field-error.ts";
import { type Outcome, done, failed, problem } from "../problem.ts";

/** No request to control is larger. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** The body as `schema` takes it. */
export async function readBody<S extends z.ZodType>(
  request: Request,
  schema: S,
): Promise<Outcome<z.output<S>>> {
  const bytes = await request.arrayBuffer();
  if (bytes.byteLength > MAX_BODY_BYTES) {
    return failed(problem("too_large", `The body has more than ${MAX_BODY_BYTES} bytes.`));
  }
  let body: unknown;
  try {
    body = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    return failed(problem("malformed", `The body is not JSON: ${said}`));
  }
  const result = schema.safeParse(body);
  if (result.success) return done(result.data);
  return failed(problem("invalid", undefined, toFieldErrors(result.error.issues, body, schema)));
}
