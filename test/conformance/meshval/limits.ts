// Owns comparing the limits of the Gateway API's schemas with ours: every enum, bound, default and pattern, by field path.
import { isDeepStrictEqual } from "node:util";
import * as z from "zod";
import { KINDS } from "../../../mesh/contract/resources/kinds.ts";

/** What a schema says of one field. */
export type Limit = Readonly<Record<string, unknown>>;
/** By kind, then by path such as `spec.rules[].name`. */
export type Limits = Readonly<Record<string, Readonly<Record<string, Limit>>>>;

const COMPARED = [
  "enum",
  "minimum",
  "maximum",
  "minItems",
  "maxItems",
  "maxLength",
  "default",
] as const;
/** Where we differ on purpose. */
const KNOWN = new Set([
  // There is one class, so it may be left out.
  "Gateway spec required",
]);

/** The differences at one path of one kind; empty where both say the same. */
export function compareLimit(kind: string, path: string, theirs: Limit): readonly string[] {
  const schema = schemaOf(kind);
  if (schema === null) return [`${kind} is no kind of ours`];
  const found = at(schema, path.split("."));
  if (found === null) return [`${path} is no field of ours`];
  return [
    ...COMPARED.filter((name) => theirs[name] !== undefined).flatMap((name) =>
      differs(name, theirs[name], name === "enum" ? enumOf(found) : found[name]),
    ),
    ...(theirs["required"] === undefined || KNOWN.has(`${kind} ${path} required`)
      ? []
      : differs("required", sorted(theirs["required"]), sorted(found["required"]))),
    ...comparePatterns(theirs["pattern"], found["pattern"]),
  ];
}

const differs = (name: string, wanted: unknown, got: unknown): string[] =>
  isDeepStrictEqual(wanted, got)
    ? []
    : [`${name}: expected ${JSON.stringify(wanted)}, got ${JSON.stringify(got)}`];

const sorted = (names: unknown): readonly string[] => [...((names ?? []) as string[])].toSorted();

const schemas = new Map<string, Limit>();

function schemaOf(kind: string): Limit | null {
  const known = schemas.get(kind);
  if (known !== undefined) return known;
  const found = KINDS.find((candidate) => candidate.kind === kind);
  if (found === undefined) return null;
  const schema = z.toJSONSchema(found.schema, { io: "input", unrepresentable: "any" }) as Limit;
  schemas.set(kind, schema);
  return schema;
}

function at(schema: Limit, [part, ...rest]: readonly string[]): Limit | null {
  if (part === undefined) return schema;
  const [name = "", ...steps] = part.split(/(?=\[\]|\{\})/);
  const properties = schema["properties"] as Readonly<Record<string, Limit>> | undefined;
  let found: Limit | undefined = properties?.[name];
  for (const step of steps) {
    found = found?.[step === "[]" ? "items" : "additionalProperties"] as Limit | undefined;
  }
  return found ? at(found, rest) : null;
}

function enumOf(schema: Limit): unknown {
  if (schema["enum"]) return schema["enum"];
  const branches = schema["anyOf"] as readonly Limit[] | undefined;
  return branches?.map((branch) => branch["const"]);
}

/** Texts on both sides of the borders that names, hosts, paths, durations and header values have. */
const WORDS =
  "ab a-b -a a- a--b a.b .a a. a..b A.b a_b 1a a1 aé *.a *.a.b *a a.* *. **.a *.A a/b /a /a/b // /a%2f /%2 /%zz 1s 1m30s 1h1m1s1ms 1h1m1s1ms1s 100000s 1.5s -1s 1 s 1d 0s X-Y x:y x,y http://a https://a.b:1 https://*.a https://* ftp://a http://a/ http://a: HTTP TLS a.b/c A.b/c a/ /c IPAddress Hostname NamedAddress v1";
const TEXTS = [
  ...Array.from("aA0-._~/*#%:!$&'()+,;=@[]{}|^`\"<>\\ \té"),
  ...WORDS.split(" "),
  "",
  "a b",
  "a  b",
  " a",
  "a ",
  "a\tb",
  "1s ",
];

function comparePatterns(theirs: unknown, ours: unknown): readonly string[] {
  // A rule over several types of a value is checked in code: the cases are for that.
  if (typeof theirs !== "string" || typeof ours !== "string") return [];
  const [wanted, got] = [new RegExp(theirs), new RegExp(ours)];
  const text = TEXTS.find((candidate) => wanted.test(candidate) !== got.test(candidate));
  return text === undefined ? [] : [`pattern: ${JSON.stringify(text)} is taken by one of the two`];
}
