import { expect, test } from "vitest";
import { toRules } from "../../../cli/weave/module-rules.ts";

test("modules ship by extension, so that a name with a hash in it may change", () => {
  expect(
    toRules([
      { name: "heddle-entry.js", type: "ESModule" },
      { name: "index.js", type: "ESModule" },
      { name: "aa-a.txt", type: "Text" },
      { name: "bb-b.md", type: "Text" },
      { name: "cc-c.wasm", type: "CompiledWasm" },
    ]),
  ).toEqual([
    { type: "Text", globs: ["**/*.md", "**/*.txt"], fallthrough: false },
    { type: "Data", globs: [], fallthrough: false },
    { type: "CompiledWasm", globs: ["**/*.wasm"], fallthrough: false },
    { type: "ESModule", globs: ["**/*.js"], fallthrough: false },
  ]);
});

test("an extension of two types goes by name for the rarer one, and that rule comes first", () => {
  expect(
    toRules([
      { name: "a.js", type: "ESModule" },
      { name: "b.js", type: "ESModule" },
      { name: "snippet.js", type: "Text" },
      { name: "LICENSE", type: "Text" },
    ])[0],
  ).toEqual({ type: "Text", globs: ["LICENSE", "snippet.js"], fallthrough: true });
});
