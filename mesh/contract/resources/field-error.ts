// Owns how a schema's complaints become errors an operator can act on: where, what was found, what is wrong, the mend.
import type * as z from "zod";
import { nearest } from "./nearest.ts";
import { splitProblem } from "./problem.ts";

/** One thing wrong with a document. */
export interface FieldError {
  /** Such as `spec.rules[0].backendRefs[1].port`; empty is the document itself. */
  readonly path: string;
  /** Kind of the value found there: string, number, boolean, null, list, object or missing. */
  readonly kind: string;
  /** A sentence of its own: begins with the path. */
  readonly message: string;
  /** What to write instead. */
  readonly mend: string;
}

type Path = readonly PropertyKey[];

/** Turns zod's issues into field errors; `document` is what was parsed by `schema`. */
export function toFieldErrors(
  issues: readonly z.core.$ZodIssue[],
  document: unknown,
  schema: z.core.$ZodType,
): FieldError[] {
  return issues.slice(0, MOST_ISSUES).flatMap((issue) => fromIssue(issue, document, schema));
}

/** Nobody reads more of them, and a document can be wrong at every one of its items. */
const MOST_ISSUES = 100;

function fromIssue(
  issue: z.core.$ZodIssue,
  document: unknown,
  schema: z.core.$ZodType,
): FieldError[] {
  const inner = issue.code === "invalid_union" ? nearestBranch(issue) : null;
  if (inner) {
    return inner.flatMap((branch) =>
      fromIssue({ ...branch, path: [...issue.path, ...branch.path] }, document, schema),
    );
  }
  if (issue.code === "unrecognized_keys") {
    const known = fieldsAt(schema, issue.path);
    return issue.keys.map((key) => unknownField([...issue.path, key], document, known));
  }
  const found = valueAt(document, issue.path);
  const told = issue.code === "invalid_key" ? issue.issues[0]?.message : undefined;
  const { what, mend } = splitProblem(told ?? issue.message);
  const [wording, advice] =
    mend !== null
      ? [what, mend]
      : found === undefined
        ? ["is missing", "Add it."]
        : describe(issue, found);
  return [fieldError(formatPath(issue.path), found, wording, advice)];
}

/** One error about the value found at a path; `what` goes on after the path: "is missing". */
export function fieldError(path: string, found: unknown, what: string, mend: string): FieldError {
  return { path, kind: kindOf(found), message: `${path || "the document"} ${what}`, mend };
}

/** Of a union's branches the one that came furthest: an object that is nearly right is told what it lacks. */
function nearestBranch(issue: z.core.$ZodIssueInvalidUnion): z.core.$ZodIssue[] | null {
  const ofType = issue.errors.filter((branch) =>
    branch.every(({ code, path }) => code !== "invalid_type" || path.length > 0),
  );
  return ofType.length === 1 ? (ofType[0] ?? null) : null;
}

function unknownField(path: Path, document: unknown, known: readonly string[]): FieldError {
  const guess = nearest(String(path.at(-1)), known);
  const mend = guess
    ? `Did you mean "${guess}"?`
    : `Remove it; known here: ${known.join(", ") || "nothing"}.`;
  return fieldError(formatPath(path), valueAt(document, path), "is not a known field", mend);
}

/** What is wrong and the mend, for issues zod words itself. */
function describe(issue: z.core.$ZodIssue, found: unknown): [string, string] {
  switch (issue.code) {
    case "invalid_type":
      return [`is ${article(kindOf(found))}`, `Write ${article(typeName(issue.expected))}.`];
    case "invalid_value": {
      const guess = typeof found === "string" ? nearest(found, issue.values.map(String)) : null;
      const list = issue.values.map((value) => JSON.stringify(value)).join(", ");
      return [
        `is ${short(found)}`,
        guess
          ? `Did you mean "${guess}"?`
          : `Write ${issue.values.length > 1 ? "one of " : ""}${list}.`,
      ];
    }
    case "too_small":
      return [
        `is ${sizeOf(found)}`,
        `The least is ${amount(issue.origin, Number(issue.minimum))}.`,
      ];
    case "too_big":
      return [`is ${sizeOf(found)}`, `The most is ${amount(issue.origin, Number(issue.maximum))}.`];
    case "invalid_format":
      return [`is ${short(found)}`, `Write a valid ${issue.format}.`];
    default:
      return [issue.message, "Correct it."];
  }
}

const typeName = (expected: string): string =>
  ({ int: "whole number", array: "list", record: "object" })[expected] ?? expected;
const article = (noun: string): string => `${/^[aeio]/.test(noun) ? "an" : "a"} ${noun}`;
const amount = (origin: string, count: number): string => {
  const units: Readonly<Record<string, string>> = {
    string: " characters",
    array: " items",
    object: " entries",
  };
  return `${count}${units[origin] ?? ""}`;
};
const short = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
};
const sizeOf = (value: unknown): string => {
  if (Array.isArray(value)) return `${value.length} items long`;
  return typeof value === "string" ? `${value.length} characters long` : short(value);
};

/** The kind of a value in the words of YAML and JSON. */
export function kindOf(value: unknown): string {
  if (value === undefined) return "missing";
  if (value === null) return "null";
  return Array.isArray(value) ? "list" : typeof value;
}

/** `["spec","rules",0]` as `spec.rules[0]`. */
export function formatPath(path: Path): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else if (/^[A-Za-z_][\w-]*$/.test(String(part)))
      text += text ? `.${String(part)}` : String(part);
    else text += `[${JSON.stringify(String(part))}]`;
  }
  return text;
}

function valueAt(document: unknown, path: Path): unknown {
  let value = document;
  for (const part of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Object.hasOwn(value, part) ? (value as Record<PropertyKey, unknown>)[part] : undefined;
  }
  return value;
}

/** Field names of the strict object that `path` leads to; a union gives those of all its branches. */
function fieldsAt(schema: z.core.$ZodType, path: Path): string[] {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case "optional":
    case "default":
    case "prefault":
    case "nullable":
      return fieldsAt(def.innerType, path);
    case "array":
      return fieldsAt(def.element, path.slice(1));
    case "record":
      return fieldsAt(def.valueType, path.slice(1));
    case "union":
      return def.options.flatMap((option) => fieldsAt(option, path));
    case "object": {
      const [key, ...rest] = path;
      if (key === undefined) return Object.keys(def.shape);
      const field = def.shape[String(key)];
      return field ? fieldsAt(field, rest) : [];
    }
    default:
      return [];
  }
}
