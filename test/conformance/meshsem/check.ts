// Owns turning checks of pure algorithms into results: each check names itself and tells what differs.
import type { SchemaFile } from "../driver.ts";
import type { CaseResult, FileResult } from "../results.ts";

/** One row or property: what differs, empty where it holds; `reported` is told and not counted. */
export interface Check {
  readonly title: string;
  readonly detail: readonly string[];
  readonly reported?: boolean;
}

/** The checks of one file as its result. */
export function toFileResult(
  { name }: SchemaFile,
  checks: readonly Check[],
  began: number,
): FileResult {
  const results = checks.map(({ title, detail, reported = false }, index): CaseResult => {
    const holds = detail.length === 0;
    const id = String(index + 1).padStart(2, "0");
    if (!reported) return { id, title, kind: "case", verdict: holds ? "passed" : "failed", detail };
    const seen = [`reported, not counted; it ${holds ? "holds" : "does not hold"}`, ...detail];
    return { id, title, kind: "case", verdict: "skipped", detail: seen };
  });
  const durationMs = Date.now() - began;
  return { file: name, id: name, profile: "semantics", features: [name], results, durationMs };
}

/** Says where numbers are further apart than allowed. */
export function near(
  what: string,
  wanted: readonly number[],
  got: readonly number[],
  tolerance: number,
): string[] {
  const isNear =
    wanted.length === got.length &&
    wanted.every((value, index) => Math.abs(value - (got[index] ?? Number.NaN)) <= tolerance);
  const rounded = got.map((value) => Math.round(value * 10_000) / 10_000);
  return isNear ? [] : [`${what}: expected ${wanted.join(", ")}, got ${rounded.join(", ")}`];
}
