// Owns `heddle analyze`: what is wrong with resources and Workers before anything is applied.
import { findMistakes, type SourceOptions } from "../analyze/load.ts";
import type { Finding } from "../analyze/scene.ts";
import { listResources } from "../api.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import type { Io } from "../io.ts";
import { print } from "../output/print.ts";
import { findControl } from "./target.ts";

export interface AnalyzeOptions extends SourceOptions {
  readonly live?: boolean;
  readonly failOn: "error" | "warning";
  readonly output: "table" | "json";
}

/** Where each code is explained. */
const PAGE = "docs/analyze.md";

/** Prints what is wrong; ends with 3 when something is as bad as `--fail-on`. */
export async function analyzeFiles(io: Io, options: AnalyzeOptions): Promise<ExitCode> {
  const stored = options.live ? await listResources(findControl(io)) : [];
  const findings = await findMistakes(io, options, stored, Date.now());
  const errors = findings.filter(({ severity }) => severity === "error").length;
  const counts = { errors, warnings: findings.length - errors };
  await print(io, options.output, {
    data: { findings: findings.map(toJson), ...counts },
    rows: findings.map(toRow),
    names: findings.map(({ code }) => code),
  });
  const said = `${counts.errors} errors, ${counts.warnings} warnings`;
  io.err(findings.length > 0 ? `${said}; each code is explained in ${PAGE}\n` : `${said}\n`);
  const isBad = options.failOn === "error" ? errors > 0 : findings.length > 0;
  return isBad ? EXIT.unmet : EXIT.ok;
}

function toJson(finding: Finding): Readonly<Record<string, unknown>> {
  const [, file = finding.where, line, column] = /^(.*?):(\d+):(\d+)$/.exec(finding.where) ?? [];
  const { where: _, ...rest } = finding;
  return {
    ...rest,
    file,
    ...(line ? { line: Number(line), column: Number(column) } : {}),
    page: `${PAGE}#${finding.code.toLowerCase()}`,
  };
}

const toRow = ({ code, severity, resource, where, message }: Finding): readonly string[] => [
  severity,
  code,
  resource,
  `${message} (${where})`,
];
