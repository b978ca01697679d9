// Owns running all checks over documents and Workers; pure but for what it is given.
import { methods } from "./checks/methods.ts";
import { breakers, callers, conflicts, targets } from "./checks/policies.ts";
import { backends, endpoints, killSwitches, parents } from "./checks/references.ts";
import { goals, times, unreachable } from "./checks/rules.ts";
import { bindings, faults, filters, grants, listeners, uncalled } from "./checks/unused.ts";
import { type AnalyzeInput, type Checker, type Finding, setScene } from "./scene.ts";

const CHECKERS: readonly Checker[] = [
  parents,
  backends,
  endpoints,
  killSwitches,
  unreachable,
  goals,
  times,
  bindings,
  uncalled,
  faults,
  filters,
  grants,
  listeners,
  methods,
  targets,
  conflicts,
  breakers,
  callers,
];

/** What is wrong with the documents, in the order of their places; what only the running mesh holds is not judged. */
export function analyze(input: AnalyzeInput): readonly Finding[] {
  const { scene, findings } = setScene(input);
  const found = CHECKERS.flatMap((check) => check(scene));
  return [...findings, ...found.filter(({ where }) => where !== "")].toSorted((a, b) =>
    a.where.localeCompare(b.where, "en", { numeric: true }),
  );
}
