// The limits of the Gateway API's schemas where they lie: every enum, bound and pattern of ours is the same.
import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { compareLimit, type Limits } from "../../../conformance/meshval/limits.ts";

const file = `${import.meta.dirname}/../../../../../shared/conformance/gateway-api-validation/limits.json`;
const limits = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Limits) : {};
if (Object.keys(limits).length === 0) it.skip("../shared is not here: no limits", () => {});

for (const [kind, fields] of Object.entries(limits))
  for (const [path, theirs] of Object.entries(fields))
    it(`${kind} ${path}`, () => expect(compareLimit(kind, path, theirs)).toEqual([]));
