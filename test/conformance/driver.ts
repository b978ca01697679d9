// Owns what a driver is, and which driver a case file's `schema` member picks.
import { authorization } from "./authorization/authz.ts";
import { paths } from "./authorization/paths.ts";
import { meshconf } from "./meshconf/driver.ts";
import { SEMANTICS } from "./meshsem/driver.ts";
import { limits, meshval } from "./meshval/driver.ts";
import { meshvs } from "./meshvs/driver.ts";
import type { FileResult } from "./results.ts";
import { bundles, jws, spiffeIds, tokens, transport, vectors } from "./tokens/driver.ts";
import { signatures } from "./tokens/signatures.ts";
import { traceContext } from "./tracectx/driver.ts";

/** A JSON file that says which schema it has. */
export interface SchemaFile {
  /** Name without folder and extension. */
  readonly name: string;
  readonly document: Readonly<Record<string, unknown>>;
  /** Absolute path. */
  readonly file: string;
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

export const DRIVERS: Readonly<Record<string, Driver>> = {
  "meshauthz/1": authorization,
  "meshbundle/1": bundles,
  "meshconf/1": meshconf,
  "meshhttpsig/1": signatures,
  "meshjwt/1": tokens,
  "meshnorm/1": paths,
  "meshspiffe/1": spiffeIds,
  "meshtransport/1": transport,
  "meshval/1": meshval,
  "meshvs/1": meshvs,
  "rfcvec/1": vectors,
  "tracectx/1": traceContext,
  "wycheproof-jws/1": jws,
  limits,
  ...SEMANTICS,
};

/** Schemas of files that describe and are no cases. */
export const NO_CASES = /^(?:meshcontract|meshmusts|keys)\b/;
