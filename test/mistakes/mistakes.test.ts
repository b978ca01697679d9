// Every mistake that `heddle analyze` knows, made in a right mesh and found where it is; a right mesh has none.
import path from "node:path";
import { expect, it } from "vitest";
import { CHECKS } from "../../cli/analyze/check.ts";
import { EDITS } from "./edits.ts";
import { runMistakes } from "./mistakes.ts";

const FOLDER = path.join(import.meta.dirname, "../../.heddle/mistakes/test");
const seed = Number(process.env["HEDDLE_SEED"] ?? Date.now() % 1_000_000);

it("has a mistake for every check", () => {
  expect(Object.keys(EDITS).toSorted()).toEqual(Object.keys(CHECKS).toSorted());
});

it(`finds every mistake and nothing else, seed ${seed}`, { timeout: 60_000 }, async () => {
  process.stdout.write(`mistakes seed: HEDDLE_SEED=${seed}\n`);
  const outcomes = await runMistakes(seed, FOLDER);
  expect(outcomes.filter(({ isRight }) => !isRight)).toEqual([]);
  const made = new Set(outcomes.flatMap(({ mistake }) => mistake ?? []));
  expect(made.size).toBe(Object.keys(CHECKS).length);
});
