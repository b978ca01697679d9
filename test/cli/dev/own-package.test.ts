// Where `import "heddle"` leads: to what the Worker says or finds installed, else to this very heddle.
import path from "node:path";
import { expect, test } from "vitest";
import { ownAliases } from "../../../cli/dev/own-package.ts";
import type { WranglerConfig } from "../../../cli/project/wrangler-config.ts";

const config = (alias?: Record<string, string>): WranglerConfig =>
  (alias ? { alias } : {}) as WranglerConfig;
const root = path.join(import.meta.dirname, "../../..");

test("a folder without a heddle gets the one that builds it", () => {
  expect(ownAliases(config(), "/nowhere/near/one")).toEqual([
    `heddle:${path.join(root, "mesh/index.ts")}`,
  ]);
});

test("an alias of the Worker's own and an installed heddle stay", () => {
  expect(ownAliases(config({ heddle: "./own.ts" }), "/nowhere")).toEqual([]);
  expect(ownAliases(config(), path.join(root, "workers/shop"))).toEqual([]);
});
