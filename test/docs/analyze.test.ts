// Every check of `heddle analyze` has its place in docs/analyze.md, worded as the code words it.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { CHECKS } from "../../cli/analyze/check.ts";

const page = readFileSync(new URL("../../docs/analyze.md", import.meta.url), "utf8");

it("explains every code, and no other", () => {
  const sections = [...page.matchAll(/^### (\w+)\n\n(.*)$/gm)].map(([, code, text]) => [
    code,
    text,
  ]);
  const wanted = Object.entries(CHECKS).map(([code, { title, severity, effect, mend }]) => [
    code,
    `**${title}** (${severity}). ${effect} ${mend}`,
  ]);
  expect(sections).toEqual(wanted);
});
