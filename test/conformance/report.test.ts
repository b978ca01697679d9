// The report in the Gateway API's format: what counts as supported.
import { expect, it } from "vitest";
import { parse } from "yaml";
import { NOT_APPLICABLE } from "./not-applicable.ts";
import { conformanceReport } from "./report.ts";
import type { CaseResult, FileResult, Verdict } from "./results.ts";

const file = (
  id: string,
  features: readonly string[],
  ...verdicts: readonly Verdict[]
): FileResult => ({
  file: id,
  id,
  profile: "gateway-http",
  features: ["HTTPRoute", ...features],
  results: verdicts.map((verdict, index): CaseResult => ({
    id: String(index),
    title: "",
    kind: "case",
    verdict,
    detail: verdict === "skipped" ? [NOT_APPLICABLE["tls"] ?? ""] : [],
  })),
  durationMs: 0,
});

it("a feature is supported by tests that pass whole, and by no part of one that does not apply", () => {
  const text = conformanceReport(
    [
      file("Core", [], "passed"),
      file("Port", ["PortRedirect"], "passed", "passed"),
      file("PortOverTls", ["PortRedirect", "Misdirected"], "passed", "skipped"),
      file("Broken", ["Retry"], "passed", "failed"),
    ],
    "2026-01-01",
  );
  const { kind, profiles } = parse(text) as { kind: string; profiles: Record<string, unknown>[] };
  expect(kind).toBe("ConformanceReport");
  expect(profiles).toMatchObject([
    {
      name: "GATEWAY-HTTP",
      summary: "Core tests succeeded. Extended tests failed with 1 test failures.",
      core: { result: "success", statistics: { Passed: 1, Skipped: 0, Failed: 0 } },
      extended: {
        result: "failure",
        statistics: { Passed: 1, Skipped: 1, Failed: 1 },
        failedTests: ["Broken"],
        skippedTests: ["PortOverTls"],
        supportedFeatures: ["PortRedirect"],
        unsupportedFeatures: ["Misdirected", "Retry"],
      },
    },
  ]);
});
