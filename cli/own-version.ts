// Owns which version of heddle this is, as its package.json says.
import { readFileSync } from "node:fs";
import path from "node:path";
import { packageRoot } from "./weave/again.ts";

/** The version, such as `1.2.3`; the same from a checkout and from the build of a published package. */
export function ownVersion(): string {
  const file = path.join(packageRoot(), "package.json");
  return (JSON.parse(readFileSync(file, "utf8")) as { readonly version: string }).version;
}
