// Owns the form in which a queue's message takes the context along (docs/wire.md, "Queue messages"): what is sent is put
// in a wrapping of its own content type, and opened before the consumer sees it.

/** What a message was opened to. */
export interface Parcel {
  /** In packed form, not yet read. */
  readonly carried: string;
  /** As it was sent. */
  readonly body: unknown;
}

/** Begins a wrapped text, and wrapped bytes. */
const MARK = "heddle ";
const END = "\n";
/** A longer context is none. */
const MAX_CARRIED = 8192;

/**
 * A body with the packed context; as it is where the runtime refuses it anyway. `text` stays a text and `bytes` bytes,
 * everything else becomes `{ heddle, body }`, which is written as the body would be: as JSON or by structured clone.
 */
export const wrap = (body: unknown, contentType: unknown, carried: string): unknown => {
  const head = MARK + carried + END;
  if (contentType === "text") return typeof body === "string" ? head + body : body;
  if (contentType === "bytes") return ArrayBuffer.isView(body) ? wrapBytes(head, body) : body;
  return body === undefined || typeof body === "function" || typeof body === "symbol"
    ? body
    : { heddle: carried, body };
};

/** What {@link wrap} made of a body and a context; null for anything else. */
export const open = (wrapped: unknown): Parcel | null => {
  if (typeof wrapped === "string") return openText(wrapped);
  if (wrapped instanceof ArrayBuffer || wrapped instanceof Uint8Array) return openBytes(wrapped);
  if (typeof wrapped !== "object" || wrapped === null || !("heddle" in wrapped)) return null;
  const { heddle: carried, body } = wrapped as {
    readonly heddle: unknown;
    readonly body?: unknown;
  };
  const isOurs = Object.keys(wrapped).every((name) => name === "heddle" || name === "body");
  return isOurs && typeof carried === "string" ? { carried, body } : null;
};

function openText(text: string): Parcel | null {
  const end = text.startsWith(MARK) ? text.indexOf(END) : -1;
  return end < 0 ? null : { carried: text.slice(MARK.length, end), body: text.slice(end + 1) };
}

function openBytes(wrapped: ArrayBuffer | Uint8Array): Parcel | null {
  const bytes = new Uint8Array(wrapped instanceof Uint8Array ? wrapped.slice() : wrapped);
  const head = openText(new TextDecoder().decode(bytes.subarray(0, MAX_CARRIED)));
  if (head === null) return null;
  const body = bytes.slice(encode(MARK + head.carried + END).length);
  return { carried: head.carried, body: wrapped instanceof Uint8Array ? body : body.buffer };
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** As the runtime's own `send`, which leaves the sender nothing of the buffer. */
function wrapBytes(head: string, body: ArrayBufferView): Uint8Array {
  const [first, rest] = [
    encode(head),
    new Uint8Array(body.buffer, body.byteOffset, body.byteLength),
  ];
  const whole = new Uint8Array(first.length + rest.length);
  whole.set(first);
  whole.set(rest, first.length);
  if (body.buffer instanceof ArrayBuffer) body.buffer.transfer();
  return whole;
}
