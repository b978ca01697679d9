// The answer of a gateway that was not told its place in the mesh yet: says what to do next.
import { writeLine } from "../mesh/platform/log.ts";
import { problem } from "../mesh/pipeline/problem.ts";

/** 503 with the mend for whoever runs it; a mesh that is not there serves nothing. */
export function unwired(): Response {
  writeLine(
    JSON.stringify({
      message:
        "no HEDDLE_WIRING: start the mesh with `npx heddle dev`, or run `npx heddle weave` before the deploy",
    }),
  );
  return problem("no_table", "", false);
}
