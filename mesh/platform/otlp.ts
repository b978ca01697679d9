// Spans as OTLP/HTTP wants them in JSON (opentelemetry-proto 1, "JSON Protobuf Encoding"): ids in hex, 64-bit numbers as
// decimal strings, enums as numbers, names in lowerCamelCase.

/** SpanKind of the protocol. */
export const SPAN_KIND = { internal: 1, server: 2, client: 3 } as const;
const STATUS_ERROR = 2;
/** By its name, since the bundle abbreviates the member of our own calls. */
const SCOPE = "scope";

export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** One finished span. */
export interface Span {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  /** Empty: it has none. */
  readonly parentSpanId: string;
  readonly tracestate: string;
  /** W3C trace flags. */
  readonly flags: number;
  readonly name: string;
  readonly kind: (typeof SPAN_KIND)[keyof typeof SPAN_KIND];
  readonly startMs: number;
  readonly endMs: number;
  readonly isError: boolean;
  /** Those undefined are left out. */
  readonly attributes: Attributes;
}

/** The body of one export. */
export const toOtlp = (resource: Attributes, spans: readonly Span[]): string =>
  JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: toAttributes(resource) },
        scopeSpans: [{ [SCOPE]: { name: "heddle" }, spans: spans.map(toSpan) }],
      },
    ],
  });

function toSpan(span: Span): object {
  const { traceId, spanId, parentSpanId, tracestate, flags, name, kind } = span;
  return {
    traceId,
    spanId,
    ...(parentSpanId === "" ? {} : { parentSpanId }),
    ...(tracestate === "" ? {} : { traceState: tracestate }),
    flags,
    name,
    kind,
    startTimeUnixNano: toNanos(span.startMs),
    endTimeUnixNano: toNanos(span.endMs),
    attributes: toAttributes(span.attributes),
    status: span.isError ? { code: STATUS_ERROR } : {},
  };
}

/** The clock gives whole milliseconds. */
const toNanos = (ms: number): string => `${Math.round(ms)}000000`;

const toAttributes = (attributes: Attributes): readonly object[] =>
  Object.entries(attributes).flatMap(([key, value]) => {
    if (value === undefined) return [];
    return [
      { key, value: typeof value === "string" ? { stringValue: value } : { intValue: `${value}` } },
    ];
  });
