// Owns documents read as resources: as `heddle apply` would take them, or what is wrong and where.
import { parseResource, type Resource } from "../../mesh/contract/resources/parse.ts";
import { CliError, EXIT } from "../exit.ts";
import type { SourceDocument } from "./documents.ts";
import { segmentsOf } from "./placement.ts";

/** The resource of a document; throws a CliError that names each fault's place. */
export function resourceOf({ value, where }: SourceDocument): Resource {
  const outcome = parseResource(value);
  if (outcome.ok) return outcome.resource;
  throw new CliError(
    EXIT.failed,
    outcome.errors.map(({ path, message, mend }) => ({
      message,
      mend,
      where: where(segmentsOf(path)),
    })),
  );
}
