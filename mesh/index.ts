// The public surface of `heddle`: what a Worker that joins by hand imports. Re-exports by name, nothing else.
export { mesh, meshed } from "./weave/by-hand.ts";
export { HeddleError } from "./pipeline/problem.ts";
export type { Reason } from "./contract/reasons.ts";
