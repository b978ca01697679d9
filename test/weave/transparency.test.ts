// The differential suite: each probe bare and woven, compared on everything a caller can see.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { differences, newestDate } from "./differences.ts";
import { EXCEPTIONS } from "./exceptions.ts";

const DATES = ["2024-09-01", "2025-03-01", "2025-09-01", "2026-03-01", "2026-09-01", newestDate()];
const excepted = new Set(EXCEPTIONS.flatMap(({ probes }) => probes));
const shown = new Set<string>();

describe("a woven call is as a bare one", () => {
  const cases = [
    ...DATES.map((date) => ({ date, level: "session" as const })),
    ...(["request", "capability"] as const).map((level) => ({ date: newestDate(), level })),
  ];
  test.each(cases)(
    "at compatibility date $date, level $level",
    { timeout: 60_000 },
    async ({ date, level }) => {
      const { asked, found } = await differences(date, level);
      for (const { probe } of found) shown.add(probe);
      expect(asked).toBeGreaterThan(1000);
      expect(found.filter(({ probe }) => !excepted.has(probe)).slice(0, 5)).toEqual([]);
    },
  );

  // Runs last: what every date above was asked.
  test("and every exception is one", () => {
    expect([...excepted].filter((probe) => !shown.has(probe))).toEqual([]);
  });
});

test("the page lists the exceptions, and no others", () => {
  const page = readFileSync(`${import.meta.dirname}/../../docs/transparency.md`, "utf8");
  const [, section = ""] = page.split("## In a call");
  const [table = ""] = section.split("\n## ");
  const rows = table
    .split("\n")
    .filter((line) => line.startsWith("| ") && !line.startsWith("| what"));
  expect(rows).toEqual(EXCEPTIONS.map(({ what, why }) => `| ${what} | ${why} |`));
});
