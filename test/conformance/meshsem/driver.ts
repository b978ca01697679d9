// The drivers of tables about algorithms: hashing, health-aware shares and weights, asked of the pure functions themselves.
import type { Driver } from "../driver.ts";
import { type Check, toFileResult } from "./check.ts";
import { hashingChecks } from "./hashing.ts";
import { loadChecks } from "./load-tables.ts";
import { weightChecks } from "./weights.ts";

const driverOf =
  (checksOf: (document: Readonly<Record<string, unknown>>) => readonly Check[]): Driver =>
  (files, context) =>
    Promise.resolve(
      files.map((file) => {
        const began = Date.now();
        const result = toFileResult(file, checksOf(file.document), began);
        context.done(result);
        return result;
      }),
    );

/** By schema. */
export const SEMANTICS: Readonly<Record<string, Driver>> = {
  "meshhash/1": driverOf(hashingChecks),
  "meshtables/1": driverOf(loadChecks),
  "meshlb/1": driverOf(weightChecks),
};
