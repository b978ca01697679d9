// Owns what a person and a machine read of a run: lines, the table by feature, and the report in Gateway API's format.
import { stringify } from "yaml";
import { count, type Counts, type FileResult } from "./results.ts";

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
  const passes = (feature: string): boolean =>
    withFeature(own, feature).every((file) => outcome(file) === "Passed");
  const features = [...new Set(extended.flatMap((file) => file.features))]
    .filter((feature) => !CORE.has(feature))
    .toSorted();
  return {
    name: PROFILES[name],
    core: suite(own.filter(isCore)),
    extended: {
      ...suite(extended),
      supportedFeatures: features.filter(passes),
      unsupportedFeatures: features.filter((feature) => !passes(feature)),
    },
  };
}

type Outcome = "Passed" | "Failed" | "Skipped";

function outcome(file: FileResult): Outcome {
  const { passed, failed } = count(file.results);
  return failed > 0 ? "Failed" : passed > 0 ? "Passed" : "Skipped";
}

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
