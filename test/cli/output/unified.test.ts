import { expect, it } from "vitest";
import { unified } from "../../../cli/output/unified.ts";

it("prints hunks as diff -u does", () => {
  const before = "a\nb\nc\nd\ne\nf\ng\nh\n";
  const after = "a\nb\nc\nD\ne\nf\ng\nh\ni\n";
  expect(unified(before, after, "live/x", "files/x")).toBe(
    "--- live/x\n+++ files/x\n@@ -1,8 +1,9 @@\n a\n b\n c\n-d\n+D\n e\n f\n g\n h\n+i\n",
  );
  expect(unified("", "a\n", "/dev/null", "files/x")).toBe(
    "--- /dev/null\n+++ files/x\n@@ -0,0 +1,1 @@\n+a\n",
  );
  expect(unified(before, before, "a", "b")).toBe("");
});
