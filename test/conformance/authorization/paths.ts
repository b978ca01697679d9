// The driver of path normalisation: each path is read as ours reads it; where Istio repairs and we refuse, the class says why.
import { policyPath } from "../../../mesh/algorithms/authorize/path.ts";
import type { Driver } from "../driver.ts";
import { type Check, toFileResult } from "../meshsem/check.ts";
import { refusalOf, respellingOf, seenByWorker } from "./differences.ts";

interface PathCase {
  readonly id: string;
  readonly mode: string;
  readonly in: string;
  readonly out: string;
}

/** Runs the files of schema `meshnorm/1`. */
export const paths: Driver = (files, context) =>
  Promise.resolve(
    files.map((file) => {
      const began = Date.now();
      const cases = file.document["cases"] as readonly PathCase[];
      const result = toFileResult(file, cases.map(checkOf), began);
      context.done(result);
      return result;
    }),
  );

const checkOf = (one: PathCase): Check => ({
  title: `${one.id} ${one.mode} ${one.in}`,
  detail: problemsOf(one),
});

/** What is wrong with our reading; nothing where it is Istio's, or differs in a way the docs explain. */
export function problemsOf({ mode, in: target, out }: PathCase): readonly string[] {
  const seen = seenByWorker(target);
  // The runtime refuses it before any code runs.
  if (seen === null) return [];
  const ours = policyPath(seen);
  if (ours === out) return [];
  const why = ours === null ? refusalOf(seen) : respellingOf(mode, target);
  return why === null
    ? [`expected ${out}, got ${ours ?? "a refusal"}, which nothing explains`]
    : [];
}
