// Owns what the Mesh's status says when its table could not be published.
import type { Compiled } from "../compile/compile.ts";
import type { Condition } from "./conditions.ts";
import type { StatusWrite } from "./statuses.ts";

/** The Mesh's status with `Programmed=False`; the others keep theirs, they describe the table still in use. */
export const refused = ({ statuses }: Pick<Compiled, "statuses">, message: string): StatusWrite[] =>
  statuses
    .filter(({ kind }) => kind === "Mesh")
    .map((write) => ({
      ...write,
      status: {
        conditions: (write.status["conditions"] as readonly Condition[]).map((condition) =>
          condition.type === "Programmed"
            ? { ...condition, status: "False", reason: "TableTooLarge", message }
            : condition,
        ),
      },
    }));
