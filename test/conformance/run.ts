// `npm run conformance`: case files in, a verdict per case and status row out. Drives black box, by schema.
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { type DriverContext, DRIVERS, NO_CASES } from "./driver.ts";
import { draw, isMeant, load } from "./load.ts";
import { type Options, parseOptions, USAGE } from "./options.ts";
import { conformanceReport, featureTable, fileLines, total } from "./report.ts";
import { failedFile, type FileResult } from "./results.ts";
import { claimFolder } from "./scratch.ts";

const SCRATCH = path.join(import.meta.dirname, "../../.heddle/conformance");
const say = (line: string): void => void process.stderr.write(`${line}\n`);

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)
    process.once(signal, () => process.exit(code));
  let options: Options | null;
  let results: readonly FileResult[];
  try {
    options = parseOptions(args);
    if (options === null) {
      process.stdout.write(`${USAGE}\n`);
      return 0;
    }
    results = await run(options);
  } catch (error) {
    say(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return 2;
  }
  const counts = total(results);
  say(`\nFeature: passed, failed, skipped\n${featureTable(results).join("\n")}`);
  const reportFile = options.report ?? path.join(SCRATCH, "report.yaml");
  mkdirSync(path.dirname(reportFile), { recursive: true });
  writeFileSync(reportFile, conformanceReport(results, new Date().toISOString()));
  say(`\nReport in the Gateway API's format: ${reportFile}`);
  if (options.isJson)
    process.stdout.write(`${JSON.stringify({ cases: options.cases, results })}\n`);
  process.stdout.write(`${JSON.stringify(counts)}\n`);
  return counts.failed > 0 ? 1 : 0;
}

async function run(options: Options): Promise<readonly FileResult[]> {
  const loaded = load(options.cases);
  const cases = loaded.files.filter(
    (file) => !NO_CASES.test(file.schema) && isMeant(file, options.only),
  );
  const drawn = draw(cases, options.sample, options.seed);
  if (options.sample !== null) say(`sample of ${drawn.length} files, seed ${options.seed}`);
  const broken = options.only.length > 0 ? [] : loaded.broken;
  if (drawn.length + broken.length === 0) throw new Error(`no case file in ${options.cases}`);
  say(`cases of ${options.cases}`);
  const context: DriverContext = {
    folder: claimFolder(SCRATCH),
    windowMs: options.windowMs,
    say,
    done: (result) => say(fileLines(result).join("\n")),
  };
  const results: FileResult[] = broken.map(({ name, why }) =>
    reported(context, failedFile(name, why)),
  );
  for (const schema of new Set(drawn.map((file) => file.schema))) {
    const files = drawn.filter((file) => file.schema === schema);
    const driver = DRIVERS[schema];
    const known = Object.keys(DRIVERS).join(", ");
    const unknown = `unknown schema ${schema} (known: ${known})`;
    if (driver !== undefined) results.push(...(await driver(files, context)));
    else results.push(...files.map((file) => reported(context, failedFile(file.name, unknown))));
  }
  return results;
}

function reported(context: DriverContext, result: FileResult): FileResult {
  context.done(result);
  return result;
}
