// Owns what a word on the command line means as a kind of resource.
import { findKind, KINDS, type Kind } from "../../mesh/contract/resources/kinds.ts";
import { nearest } from "../../mesh/contract/resources/nearest.ts";
import { CliError, EXIT } from "../exit.ts";

/** The kind for a singular, plural or short name in any case; an unknown one is a usage error. */
export function kindNamed(word: string): Kind {
  const found = findKind(word);
  if (found) return found;
  const names = KINDS.flatMap(({ kind, plural, shortNames }) => [kind, plural, ...shortNames]);
  const guess = nearest(word, names);
  throw new CliError(EXIT.usage, {
    message: `unknown kind "${word}"${guess ? `, did you mean "${guess}"?` : ""}`,
    mend: `Kinds: ${KINDS.map(({ plural }) => plural).join(", ")}.`,
  });
}
