// docs/spiffe.md names files and tests: they are there, and no demand is missing.
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { root } from "./pages.ts";

const page = readFileSync(path.join(root, "docs/spiffe.md"), "utf8");
const rows = page
  .split("\n")
  .filter((line) => /^\| M\d/.test(line))
  .map((line) =>
    line
      .split("|")
      .map((cell) => cell.trim())
      .slice(1, -1),
  );

test("every demand has one row", () => {
  expect(rows.map(([id]) => id)).toEqual(
    Array.from({ length: 52 }, (_, index) => `M${String(index + 1).padStart(2, "0")}`),
  );
});

test.each(rows)("%s %s", (_id, demand, source = "", file = "", name = "") => {
  expect(demand).not.toBe("");
  expect(existsSync(path.join(root, source))).toBe(true);
  expect(readFileSync(path.join(root, file), "utf8")).toContain(`"${name}"`);
});
