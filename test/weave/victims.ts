// Workers to be attacked, and the count of what ran in them.
import { readFileSync } from "node:fs";
import type { RuntimeBinding } from "../../cli/dev/runtime-worker.ts";
import type { Cloth, ClothWorker } from "./cloth.ts";

const SOURCE = readFileSync(`${import.meta.dirname}/fixtures/victim.js`, "utf8");

const RUNS: RuntimeBinding = { type: "worker", worker: "runs" };

/** A woven Worker that counts its handlers' runs. */
export const victim = (name: string, more: Partial<ClothWorker> = {}): ClothWorker => ({
  name,
  source: SOURCE,
  exports: ["default", "Plain", "Api"],
  ...more,
  bindings: { RUNS, ...more.bindings },
});

/** The Worker that keeps the count. */
export const counter: ClothWorker = {
  name: "runs",
  isPlain: true,
  isExposed: true,
  exports: ["default"],
  source: `
let count = 0;
export default { fetch: ({ method }) => Response.json(method === "POST" ? ++count : count) };`,
};

/** How often any victim's handler has run. */
export const runsOf = async (cloth: Cloth): Promise<number> =>
  (await (await cloth.fetch("runs", "http://runs.example/")).json()) as number;

/** A binding with the props weaving would put; null: with none. */
export const bound = (
  worker: string,
  workload: string | null,
  entrypoint?: string,
): RuntimeBinding => ({
  type: "worker",
  worker,
  entrypoint,
  ...(workload === null ? {} : { props: { heddle: { workload } } }),
});
