// Owns the shape check of a table's directory, by hand: no schema library is in the data plane's bundle.
// Unknown members pass: a newer control may say more to those who understand it.
import { IDENTITY_LEVELS } from "../contract/identity.ts";
import type { Directory } from "../contract/table.ts";
import { MESH_VERSION } from "../contract/table.ts";

type Members = Readonly<Record<string, unknown>>;

const HASH = /^[A-Za-z0-9_-]{43}$/;

/** The directory, or why it is not one; `minMesh` is read before anything that a newer format might change. */
export const readDirectory = (value: unknown): Directory | "bad_directory" | "needs_newer_mesh" => {
  if (!isMembers(value) || !isCount(value["minMesh"])) return "bad_directory";
  if (value["minMesh"] > MESH_VERSION) return "needs_newer_mesh";
  return isDirectory(value) ? value : "bad_directory";
};

const isDirectory = (value: Members): value is Members & Directory =>
  ["format", "version", "previous", "createdMs"].every((name) => isCount(value[name])) &&
  isText(value["mesh"]) &&
  isText(value["trustDomain"]) &&
  Array.isArray(value["bypass"]) &&
  value["bypass"].every(isBypass) &&
  (value["revoked"] === undefined || isTexts(value["revoked"])) &&
  isDefaults(value["defaults"]) &&
  isMembers(value["levels"]) &&
  isMembers(value["chunks"]) &&
  Object.values(value["chunks"]).every(isChunkRef);

const isBypass = (value: unknown): boolean =>
  isMembers(value) &&
  isText(value["feature"]) &&
  (value["service"] === undefined || isText(value["service"]));

const isChunkRef = (value: unknown): boolean =>
  isMembers(value) &&
  typeof value["hash"] === "string" &&
  HASH.test(value["hash"]) &&
  isCount(value["offset"]) &&
  isCount(value["length"]);

const isDefaults = (value: unknown): boolean => {
  if (!isMembers(value)) return false;
  const { identity, lease, timeouts, retry, bulkhead, balance } = value;
  return (
    isMembers(identity) &&
    IDENTITY_LEVELS.some((level) => level === identity["level"]) &&
    hasNumbers(lease, ["normalMs", "strictMs"]) &&
    hasNumbers(timeouts, ["edgeMs"]) &&
    hasNumbers(retry, ["attempts", "backoffBaseMs", "backoffCapMs", "budgetRatio", "budgetCap"]) &&
    Array.isArray(retry["codes"]) &&
    retry["codes"].every(isCount) &&
    hasNumbers(bulkhead, ["maxInFlight"]) &&
    (balance === "round-robin" || balance === "p2c")
  );
};

const hasNumbers = (value: unknown, names: readonly string[]): value is Members =>
  isMembers(value) && names.every((name) => isAmount(value[name]));

const isMembers = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText);

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && isAmount(value);

const isAmount = (value: unknown): value is number =>
  typeof value === "number" && Number.isFinite(value) && value >= 0;
