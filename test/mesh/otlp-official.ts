// The OTLP trace messages as the project that owns them generates them from its protocol buffers: what is sent must come
// back whole, since a field, an enum or a number that the messages do not have would be lost or changed on the way.
import root from "@opentelemetry/otlp-transformer/build/src/generated/root.js";
import { expect } from "vitest";

interface MessageType {
  readonly fromObject: (given: object) => object;
  readonly verify: (message: object) => string | null;
  readonly toObject: (message: object, options: object) => unknown;
}

/** As much of the generated module as is used; its declaration is of another kind of root. */
interface Root {
  readonly opentelemetry: {
    readonly proto: {
      readonly collector: {
        readonly trace: { readonly v1: { readonly ExportTraceServiceRequest: MessageType } };
      };
    };
  };
}

const { ExportTraceServiceRequest } = (root as unknown as Root).opentelemetry.proto.collector.trace
  .v1;

const IDS = new Set(["traceId", "spanId", "parentSpanId"]);
const AS_SENT = { longs: String, enums: Number, bytes: String } as const;

/** Checks a request in JSON; ids are hex there (OTLP 1, "JSON Protobuf Encoding") and base64 in protocol buffers' own. */
export function expectOfficial(body: string): void {
  const given = JSON.parse(body, (key, value: unknown) =>
    IDS.has(key) ? Buffer.from(String(value), "hex").toString("base64") : value,
  ) as object;
  const message = ExportTraceServiceRequest.fromObject(given);
  expect(ExportTraceServiceRequest.verify(message)).toBeNull();
  expect(ExportTraceServiceRequest.toObject(message, AS_SENT)).toEqual(given);
}
