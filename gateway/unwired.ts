// The answer of a gateway that was not told its place in the mesh yet: says what to do next.
import { problem } from "../mesh/pipeline/problem.ts";

/** 503 with the mend for whoever runs it; a mesh that is not there serves nothing. */
export function unwired(): Response {
  console.warn("heddle: no HEDDLE_WIRING; start the mesh with `npx heddle dev`, or deploy with `npx heddle weave` first.");
  return problem("no_table", "", false);
}
