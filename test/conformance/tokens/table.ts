// Drives case files that need no mesh: each case is a question to `heddle/identity`, answered in this process.
import type { Driver, DriverContext, SchemaFile } from "../driver.ts";
import type { CaseResult, FileResult } from "../results.ts";

export type Json = Readonly<Record<string, unknown>>;

/** What came of one case: the verdict, and the reason where one is expected. */
export interface Answer {
  readonly verdict: "accept" | "reject";
  readonly reason: string;
}

/** A case whose verdict the data leaves open is told and not counted. */
export const isOpen = (given: Json): boolean =>
  given["verdict"] === "either" || given["level"] === "may" || given["disputed"] === true;

/** A driver over the cases of each file. */
export const tableDriver =
  (judge: (file: SchemaFile) => AsyncIterable<CaseResult>): Driver =>
  async (files, context) => {
    const results: FileResult[] = [];
    for (const file of files) results.push(await runTable(file, context, judge));
    return results;
  };

async function runTable(
  file: SchemaFile,
  context: DriverContext,
  judge: (file: SchemaFile) => AsyncIterable<CaseResult>,
): Promise<FileResult> {
  const startedMs = performance.now();
  const results: CaseResult[] = [];
  for await (const result of judge(file)) results.push(result);
  const { name } = file;
  const durationMs = performance.now() - startedMs;
  const done = { file: name, id: name, profile: "", features: [], results, durationMs };
  context.done(done);
  return done;
}

/** Compares an answer with what a case expects; `isReason` false where the data's reason is for people. */
export function compared(given: Json, got: Answer, isReason: boolean): CaseResult {
  const id = String(given["id"]);
  const names = [given["title"], given["what"], given["reason"]];
  const title = names.find((name) => typeof name === "string") ?? id;
  const said = `${got.verdict} (${got.reason})`;
  if (isOpen(given))
    return { id, title, kind: "case", verdict: "skipped", detail: [`open; ours: ${said}`] };
  const wanted = String(given["verdict"]);
  const isRight =
    wanted === got.verdict &&
    (!isReason ||
      wanted === "accept" ||
      given["reason"] === undefined ||
      given["reason"] === got.reason);
  if (isRight) return { id, title, kind: "case", verdict: "passed" };
  const detail = [`expected ${wanted} (${String(given["reason"])}), got ${said}`];
  return { id, title, kind: "case", verdict: "failed", detail };
}

export const casesOf = ({ document }: SchemaFile): readonly Json[] =>
  Array.isArray(document["cases"]) ? (document["cases"] as readonly Json[]) : [];
