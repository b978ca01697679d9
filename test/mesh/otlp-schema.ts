// The OTLP trace messages in JSON, field by field as opentelemetry-proto 1 and its JSON encoding have them: ids in hex,
// 64-bit numbers as decimal strings, enums as numbers, nothing that the messages do not know.
import { expect } from "vitest";
import { expectOfficial } from "./otlp-official.ts";

type Check = (value: unknown, at: string) => void;

const is =
  (what: string, holds: (value: unknown) => boolean): Check =>
  (value, at) =>
    expect(holds(value), `${at} is ${JSON.stringify(value)}, not ${what}`).toBe(true);

const text = is("text", (value) => typeof value === "string");
const hex = (digits: number): Check =>
  is(
    `${digits} hex digits`,
    (value) =>
      typeof value === "string" &&
      new RegExp(`^[0-9a-f]{${digits}}$`).test(value) &&
      !/^0+$/.test(value),
  );
const uint64 = is(
  "a decimal string",
  (value) => typeof value === "string" && /^\d{1,20}$/.test(value),
);
const int64 = is(
  "a decimal string",
  (value) => typeof value === "string" && /^-?\d{1,19}$/.test(value),
);
const uint32 = is(
  "a number",
  (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) < 2 ** 32,
);
const oneOf = (...numbers: readonly number[]): Check =>
  is(`one of ${numbers.join()}`, (value) => numbers.includes(value as number));

const list =
  (check: Check): Check =>
  (value, at) => {
    expect(Array.isArray(value), at).toBe(true);
    (value as unknown[]).forEach((one, index) => check(one, `${at}[${index}]`));
  };

const message =
  (fields: Readonly<Record<string, Check>>, required: readonly string[] = []): Check =>
  (value, at) => {
    expect(typeof value === "object" && value !== null, at).toBe(true);
    const given = value as Readonly<Record<string, unknown>>;
    for (const name of required) expect(Object.keys(given), at).toContain(name);
    for (const [name, one] of Object.entries(given)) {
      expect(Object.keys(fields), `${at}.${name}`).toContain(name);
      fields[name]?.(one, `${at}.${name}`);
    }
  };

const anyValue: Check = (value, at) => {
  expect(Object.keys(value as object), at).toHaveLength(1);
  message({
    stringValue: text,
    boolValue: is("a boolean", (one) => typeof one === "boolean"),
    intValue: int64,
    doubleValue: is("a number", (one) => typeof one === "number"),
  })(value, at);
};
const attributes: Check = (value, at) => {
  list(message({ key: text, value: anyValue }, ["key", "value"]))(value, at);
  const keys = (value as { key: string }[]).map(({ key }) => key);
  expect(new Set(keys).size, `${at} repeats a key`).toBe(keys.length);
};

const span: Check = (value, at) => {
  message(
    {
      traceId: hex(32),
      spanId: hex(16),
      parentSpanId: hex(16),
      traceState: text,
      flags: uint32,
      name: is("a name", (name) => typeof name === "string" && name !== ""),
      kind: oneOf(1, 2, 3, 4, 5),
      startTimeUnixNano: uint64,
      endTimeUnixNano: uint64,
      attributes,
      droppedAttributesCount: uint32,
      status: message({ message: text, code: oneOf(0, 1, 2) }),
    },
    ["traceId", "spanId", "name", "kind", "startTimeUnixNano", "endTimeUnixNano"],
  )(value, at);
  const { startTimeUnixNano, endTimeUnixNano } = value as Record<string, string>;
  expect(BigInt(endTimeUnixNano ?? 0) >= BigInt(startTimeUnixNano ?? 0), at).toBe(true);
};

const request = message(
  {
    resourceSpans: list(
      message({
        resource: message({ attributes, droppedAttributesCount: uint32 }),
        schemaUrl: text,
        scopeSpans: list(
          message({
            scope: message({ name: text, version: text, attributes }),
            spans: list(span),
            schemaUrl: text,
          }),
        ),
      }),
    ),
  },
  ["resourceSpans"],
);

/** One span as it arrives, its attributes by key. */
export interface ReadSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly status: { readonly code?: number };
  readonly attributes: Readonly<Record<string, string>>;
  readonly resource: Readonly<Record<string, string>>;
}

/** Checks an ExportTraceServiceRequest in JSON, and gives its spans. */
export function readOtlp(body: string): readonly ReadSpan[] {
  const given = JSON.parse(body) as Request;
  request(given, "request");
  expectOfficial(body);
  return given.resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((one) => ({
        ...one,
        attributes: byKey(one.attributes),
        resource: byKey(resource.attributes),
      })),
    ),
  );
}

type Pairs = readonly { key: string; value: Record<string, string> }[];
interface Request {
  readonly resourceSpans: readonly {
    resource: { attributes: Pairs };
    scopeSpans: readonly {
      spans: readonly (Omit<ReadSpan, "attributes" | "resource"> & { attributes: Pairs })[];
    }[];
  }[];
}

const byKey = (pairs: Pairs): Readonly<Record<string, string>> =>
  Object.fromEntries(pairs.map(({ key, value }) => [key, Object.values(value)[0] ?? ""]));
