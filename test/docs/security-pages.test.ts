// What the pages about security say is there: classes of paths as the conformance run has them, tests of the threat model.
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { policyPath } from "../../mesh/algorithms/authorize/path.ts";
import {
  REFUSED,
  RESPELT,
  refusalOf,
  seenByWorker,
} from "../conformance/authorization/differences.ts";
import { INSIDE } from "../mesh-e2e/acceptance-inside.ts";
import { AGAINST_POLICY } from "../mesh-e2e/acceptance-policy.ts";
import { WITH_TOKENS } from "../mesh-e2e/acceptance-tokens.ts";
import { root } from "./pages.ts";

/** Rows of the table behind a mark. */
function rowsBehind(file: string, mark: string): string[][] {
  const text = readFileSync(path.join(root, file), "utf8");
  const table = text.slice(text.indexOf(`<!-- ${mark} -->`)).split("\n\n", 1)[0] ?? "";
  return table
    .split("\n")
    .slice(3)
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()));
}

describe("docs/paths.md", () => {
  const rows = rowsBehind("docs/paths.md", "path differences");

  it("names every class of the conformance run, and no other", () => {
    const names = [...REFUSED, ...RESPELT].map(({ name }) => name);
    expect(rows.map(([, name]) => name)).toEqual(names);
  });

  it.each(rows)("%s %s", (_, name = "", example = "") => {
    const given = /^`(.*?)`/.exec(example)?.[1]?.replaceAll(String.raw`\|`, "|") ?? "";
    if (!REFUSED.some((one) => one.name === name)) return;
    // The runtime turns a raw backslash before any code runs.
    const seen = given.includes("\\") ? given : (seenByWorker(given) ?? "");
    expect(policyPath(seen)).toBeNull();
    expect(refusalOf(seen)).toBe(name);
  });
});

it("docs/threat-model.md names tests that are there", () => {
  const named = rowsBehind("docs/threat-model.md", "threats").flatMap(
    (row) => row[5]?.split(", ") ?? [],
  );
  expect(named.length).toBeGreaterThan(15);
  expect(named.filter((file) => !existsSync(path.join(root, file)))).toEqual([]);
});

it("docs/threat-model.md tells of the attacks that run on one mesh, by number and words", () => {
  const told = rowsBehind("docs/threat-model.md", "attacks").map(([, number, attack]) => [
    Number(number),
    attack?.replaceAll("`", ""),
  ]);
  const rows = [...INSIDE, ...WITH_TOKENS, ...AGAINST_POLICY];
  expect(rows.map(([number, attack]) => [number, attack])).toEqual(told);
});

it("docs/threat-model.md names a test for each attack, and words that stand in it", () => {
  const rows = rowsBehind("docs/threat-model.md", "attacks");
  expect(rows).toHaveLength(35);
  const wrong = rows.filter(([, , , , file = "", words = ""]) => {
    const at = path.join(root, file);
    return !existsSync(at) || !readFileSync(at, "utf8").includes(words.slice(1, -1));
  });
  expect(wrong).toEqual([]);
});
