// `npm run mistakes -- --seed N -o json`: meshes with one mistake each, made from a seed; does `heddle analyze` find them?
import path from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { runMistakes } from "./mistakes.ts";

const FOLDER = path.join(import.meta.dirname, "../../.heddle/mistakes");

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    output: { type: "string", short: "o", default: "table" },
  },
});
const seed = Number(values.seed);
const outcomes = await runMistakes(seed, path.join(FOLDER, String(seed)));
const wrong = outcomes.filter(({ isRight }) => !isRight);
if (values.output === "json")
  process.stdout.write(`${JSON.stringify({ seed, outcomes }, null, 2)}\n`);
for (const { mesh, mistake, file, line, found } of wrong) {
  const expected = mistake === null ? "nothing" : `${mistake} at ${file}:${line}`;
  process.stderr.write(`${mesh}: expected ${expected}, found ${JSON.stringify(found)}\n`);
}
process.stdout.write(
  `${JSON.stringify({ seed, meshes: outcomes.length, passed: outcomes.length - wrong.length, failed: wrong.length })}\n`,
);
process.exitCode = wrong.length > 0 ? 1 : 0;
