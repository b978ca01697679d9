import { expect, test } from "vitest";
import { isSameConfig } from "../../../cli/weave/stale.ts";

const config = (wiring: object, more: object = {}) => ({
  name: "a",
  build: { command: "weave", watch_dir: ["src"] },
  vars: { A: "1", HEDDLE_WIRING: { reach: {}, loopback: "x", seed: null, table: "t", ...wiring } },
  ...more,
});

test("what is new in every weaving does not make a file stale", () => {
  expect(isSameConfig(config({}), config({ loopback: "y", seed: {}, table: null }))).toBe(true);
  expect(
    isSameConfig(config({}), config({}, { build: { command: "weave", watch_dir: ["lib"] } })),
  ).toBe(true);
  expect(isSameConfig({ name: "a" }, { name: "a", rules: undefined })).toBe(true);
});

test("everything else does", () => {
  expect(isSameConfig(config({}), config({ reach: { b: {} } }))).toBe(false);
  expect(isSameConfig(config({}), config({}, { name: "b" }))).toBe(false);
  expect(isSameConfig(config({}), config({}, { build: { command: "other" } }))).toBe(false);
});
