// Owns finding case files: every JSON file of a folder at any depth, and which of them a run takes.
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import type { SchemaFile } from "./driver.ts";

export interface Loaded {
  readonly files: readonly (SchemaFile & { readonly schema: string })[];
  /** Files that are no case files at all: path and why. */
  readonly broken: readonly { readonly name: string; readonly why: string }[];
}

/** Reads all files of a folder (or the one file), in the order of their paths. */
export function load(from: string): Loaded {
  const files: Loaded["files"][number][] = [];
  const broken: Loaded["broken"][number][] = [];
  for (const file of jsonFiles(from)) {
    const name = path.basename(file, ".json");
    const document = parseObject(readFileSync(file, "utf8"));
    if (typeof document === "string") broken.push({ name, why: document });
    else {
      const schema = document["schema"] ?? unnamedSchema(document);
      if (typeof schema === "string")
        files.push({ name, document, schema, file: path.resolve(file) });
      else broken.push({ name, why: "has no schema" });
    }
  }
  return { files, broken };
}

/** What a file without a `schema` member shows by its shape. */
function unnamedSchema(document: Readonly<Record<string, unknown>>): string | null {
  if (isObject(document["private"]) && isObject(document["bundles"])) return "keys";
  return hasLimits(document) ? "limits" : null;
}

/** Limits of schemas carry no `schema` member: kinds, and below them field paths that begin at `spec`. */
function hasLimits(document: Readonly<Record<string, unknown>>): boolean {
  const kinds = Object.values(document);
  return (
    kinds.length > 0 &&
    kinds.every(
      (fields) => isObject(fields) && Object.keys(fields).every((at) => at.startsWith("spec")),
    )
  );
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function jsonFiles(from: string): readonly string[] {
  if (!statSync(from).isDirectory()) return [from];
  return readdirSync(from, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".json"))
    .toSorted()
    .map((name) => path.join(from, name));
}

function parseObject(text: string): Readonly<Record<string, unknown>> | string {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : "is no JSON object";
  } catch (error) {
    return `is no JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Whether a file is meant by one of the names: its own, its path's, or its id. */
export function isMeant(file: SchemaFile, only: readonly string[]): boolean {
  if (only.length === 0) return true;
  const names = only.map((name) => path.basename(name, ".json"));
  return names.includes(file.name) || names.includes(String(file.document["id"]));
}

/** `size` of the items, drawn with the seed, in their old order. */
export function draw<T>(items: readonly T[], size: number | null, seed: number): readonly T[] {
  if (size === null || size >= items.length) return items;
  const random = seeded(seed);
  const keyed = items.map((item, index) => ({ item, index, key: random() }));
  return keyed
    .toSorted((a, b) => a.key - b.key)
    .slice(0, size)
    .toSorted((a, b) => a.index - b.index)
    .map(({ item }) => item);
}

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
