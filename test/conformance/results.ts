// Owns what a driver hands back: one result per case and status row, and their counts.

export type Verdict = "passed" | "failed" | "skipped";

export interface CaseResult {
  readonly id: string;
  readonly title: string;
  readonly kind: "case" | "status" | "file";
  readonly verdict: Verdict;
  /** What was expected and what was got; of a skipped one, why. */
  readonly detail?: readonly string[];
}

export interface FileResult {
  readonly file: string;
  readonly id: string;
  readonly profile: string;
  readonly features: readonly string[];
  readonly results: readonly CaseResult[];
  readonly durationMs: number;
}

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** How many of the results passed, failed and were skipped. */
export function count(results: readonly CaseResult[]): Counts {
  const of = (verdict: Verdict): number =>
    results.filter((result) => result.verdict === verdict).length;
  return { passed: of("passed"), failed: of("failed"), skipped: of("skipped") };
}

/** A file of which nothing could be run: one failure that says why. */
export function failedFile(file: string, detail: string): FileResult {
  return {
    file,
    id: file,
    profile: "",
    features: [],
    results: [{ id: "file", title: file, kind: "file", verdict: "failed", detail: [detail] }],
    durationMs: 0,
  };
}
