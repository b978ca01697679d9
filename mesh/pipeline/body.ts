// Owns which request bodies are short enough to be held, so that they can be sent more than once.
import type { HttpParts } from "./call.ts";

/** Longer bodies, and those of unknown length, are never read by the mesh. */
export const MOST_HELD_BYTES = 65_536;

/** A stream known to be short: once read, it can go again. */
export const isShortStream = ({ body, headers }: HttpParts): boolean =>
  body instanceof ReadableStream &&
  Number(headers["content-length"] ?? Number.NaN) <= MOST_HELD_BYTES;

/** The request with its body read. */
export async function readBody(http: HttpParts): Promise<HttpParts & { body: Uint8Array }> {
  const body = new Uint8Array(await new Response(http.body).arrayBuffer());
  return { ...http, body, replayable: true };
}

/** The whole stream, or null once it is too long to be held. */
export async function readAtMost(stream: ReadableStream<Uint8Array>): Promise<Uint8Array | null> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of stream) {
    length += part.byteLength;
    if (length > MOST_HELD_BYTES) return null;
    parts.push(part);
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.byteLength;
  }
  return bytes;
}
