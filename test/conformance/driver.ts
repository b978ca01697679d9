// Owns what a driver is, and which driver a case file's `schema` member picks.
import { meshconf } from "./meshconf/driver.ts";
import type { FileResult } from "./results.ts";

/** A JSON file that says which schema it has. */
export interface SchemaFile {
  /** Name without folder and extension. */
  readonly name: string;
  readonly document: Readonly<Record<string, unknown>>;
}

export interface DriverContext {
  /** Scratch folder inside the checkout. */
  readonly folder: string;
  /** How long after a change a case may take to converge, ms. */
  readonly windowMs: number;
  /** A line for the person who watches. */
  readonly say: (line: string) => void;
  readonly done: (result: FileResult) => void;
}

/** Runs the files of one schema. */
export type Driver = (
  files: readonly SchemaFile[],
  context: DriverContext,
) => Promise<readonly FileResult[]>;

export const DRIVERS: Readonly<Record<string, Driver>> = { "meshconf/1": meshconf };

/** Schemas of files that describe and are no cases. */
export const NO_CASES = /^meshcontract\//;
