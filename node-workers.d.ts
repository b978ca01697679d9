/**
 * Node code is checked with Node's types and the Workers' together, since tests, the CLI and the
 * benchmarks import pure Worker modules. This mends the one place where the two disagree and it
 * hurts: a global `URL` is accepted wherever Node wants one.
 */
interface URLSearchParams {
  entries(): ReturnType<import("node:url").URLSearchParams["entries"]>;
  keys(): ReturnType<import("node:url").URLSearchParams["keys"]>;
  values(): ReturnType<import("node:url").URLSearchParams["values"]>;
  [Symbol.iterator](): ReturnType<import("node:url").URLSearchParams["entries"]>;
}
