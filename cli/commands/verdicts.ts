// Owns how what became of resources is printed: `kind/name created`.
import type { Ref, WriteOutcome } from "../../mesh/contract/api.ts";
import type { Printable } from "../output/print.ts";

const DEFAULT_NAMESPACE = "default";

/** `HTTPRoute/reviews`, with the namespace where it is not the default one. */
export const nameOf = ({ kind, namespace, name }: Ref): string =>
  namespace === undefined || namespace === DEFAULT_NAMESPACE
    ? `${kind}/${name}`
    : `${kind}/${name} (namespace ${namespace})`;

/** Outcomes as lines for people, and `data` as it is. */
export function verdictLines(
  results: readonly WriteOutcome[],
  data: unknown,
  isDryRun: boolean,
): Printable {
  return {
    data,
    rows: results.map((result) => [
      `${nameOf(result)} ${result.verdict}${isDryRun ? " (dry run)" : ""}`,
    ]),
    names: results.map(({ kind, name }) => `${kind}/${name}`),
  };
}
