// Owns what a person and a machine read of a run: lines, the table by feature, and the report in Gateway API's format.
import { stringify } from "yaml";
import { NOT_APPLICABLE } from "./not-applicable.ts";
import { type CaseResult, count, type Counts, type FileResult } from "./results.ts";

/** One file as a line, its failures below it. */
export function fileLines(result: FileResult): readonly string[] {
  const { passed, failed, skipped } = count(result.results);
  const mark = failed > 0 ? "✖" : passed > 0 ? "✔" : "–";
  const counts = `${passed} passed, ${failed} failed, ${skipped} skipped`;
  const line = `${mark} ${result.file}: ${counts} (${(result.durationMs / 1000).toFixed(1)} s)`;
  const failures = result.results.filter((one) => one.verdict === "failed");
  const groups = new Map<string, string[]>();
  for (const one of failures) {
    const why = (one.detail ?? []).join("\n      ");
    groups.set(why, [...(groups.get(why) ?? []), `${one.id} ${one.title}`]);
  }
  const details = [...groups].flatMap(([why, titles]) => [
    ...titles.map((title) => `    ${title}`),
    `      ${why}`,
  ]);
  return [line, ...details];
}

/** Counts of all files together. */
export function total(results: readonly FileResult[]): Counts {
  return count(results.flatMap((file) => file.results));
}

/** Per feature, the counts of the files that name it; a file counts under each of its features. */
export function featureTable(results: readonly FileResult[]): readonly string[] {
  const features = [...new Set(results.flatMap((file) => file.features))].toSorted();
  const width = Math.max(0, ...features.map((feature) => feature.length));
  return features.map((feature) => {
    const { passed, failed, skipped } = total(withFeature(results, feature));
    const cells = [passed, failed, skipped].map((n) => String(n).padStart(5)).join(" ");
    return `${feature.padEnd(width)} ${cells}`;
  });
}

const withFeature = (results: readonly FileResult[], feature: string): readonly FileResult[] =>
  results.filter((file) => file.features.includes(feature));

const PROFILES: Readonly<Record<string, string>> = {
  "gateway-http": "GATEWAY-HTTP",
  "mesh-http": "MESH-HTTP",
  "gateway-grpc": "GATEWAY-GRPC",
  "mesh-grpc": "MESH-GRPC",
};
/** Every profile's own features; the rest of a file's are extended ones. */
const CORE = new Set(["Gateway", "Mesh", "HTTPRoute", "GRPCRoute", "ReferenceGrant"]);

/** The run as a ConformanceReport of the Gateway API, counting tests (files) as it does. */
export function conformanceReport(results: readonly FileResult[], date: string): string {
  const names = [...new Set(results.map((file) => file.profile))].filter(
    (name) => name in PROFILES,
  );
  return stringify({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "ConformanceReport",
    date,
    gatewayAPIVersion: "v1.6.1",
    gatewayAPIChannel: "experimental",
    implementation: {
      organization: "heddle",
      project: "heddle",
      url: "https://github.com/heddle/heddle",
      version: "0.1.0",
      contact: [],
    },
    mode: "default",
    profiles: names.map((name) => profileOf(name, results)),
  });
}

function profileOf(name: string, results: readonly FileResult[]): Record<string, unknown> {
  const own = results.filter((file) => file.profile === name);
  const isCore = (file: FileResult): boolean => file.features.every((feature) => CORE.has(feature));
  const extended = own.filter((file) => !isCore(file));
  // A test that does not apply says nothing of a feature that others show.
  const passes = (feature: string): boolean => {
    const outcomes = new Set(withFeature(own, feature).map(outcome));
    return outcomes.has("Passed") && !outcomes.has("Failed");
  };
  const features = [...new Set(extended.flatMap((file) => file.features))]
    .filter((feature) => !CORE.has(feature))
    .toSorted();
  const core = own.filter(isCore);
  return {
    name: PROFILES[name],
    summary: `Core tests ${inWords(core)}. Extended tests ${inWords(extended)}.`,
    core: suite(core),
    extended: {
      ...suite(extended),
      supportedFeatures: features.filter(passes),
      unsupportedFeatures: features.filter((feature) => !passes(feature)),
    },
  };
}

/** As upstream's own reports say it. */
function inWords(files: readonly FileResult[]): string {
  const of = (wanted: Outcome): number => files.filter((file) => outcome(file) === wanted).length;
  if (of("Failed") > 0) return `failed with ${of("Failed")} test failures`;
  if (of("Skipped") > 0) return `partially succeeded with ${of("Skipped")} test skips`;
  return "succeeded";
}

type Outcome = "Passed" | "Failed" | "Skipped";

/** A test of which some cases do not apply is skipped, whatever else of it passes. */
function outcome({ results }: FileResult): Outcome {
  const { passed, failed } = count(results);
  if (failed > 0) return "Failed";
  return passed > 0 && !results.some(isNotApplicable) ? "Passed" : "Skipped";
}

const REASONS: ReadonlySet<string> = new Set(Object.values(NOT_APPLICABLE));
const isNotApplicable = ({ verdict, detail = [] }: CaseResult): boolean =>
  verdict === "skipped" && detail.some((line) => REASONS.has(line));

function suite(files: readonly FileResult[]): Record<string, unknown> {
  const of = (wanted: Outcome): readonly FileResult[] =>
    files.filter((file) => outcome(file) === wanted);
  const names = (wanted: Outcome): string[] => of(wanted).map((file) => file.id);
  const result =
    of("Failed").length > 0 ? "failure" : of("Skipped").length > 0 ? "partial" : "success";
  return {
    result,
    statistics: {
      Passed: of("Passed").length,
      Skipped: of("Skipped").length,
      Failed: of("Failed").length,
    },
    ...(of("Failed").length > 0 ? { failedTests: names("Failed") } : {}),
    ...(of("Skipped").length > 0 ? { skippedTests: names("Skipped") } : {}),
  };
}
