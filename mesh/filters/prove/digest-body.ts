// The digest of a request body that a `request` proof covers: where its length is known and at most 64 KiB.
import { digestOf, EMPTY_DIGEST, NO_DIGEST } from "../../identity/digest.ts";
import type { HttpParts } from "../../pipeline/call.ts";

/** Bodies above this, or of unknown length, travel with the digest `-`. */
export const MOST_DIGESTED_BYTES = 65_536;

/** The digest, and the request with its body read where it had to be. */
export async function digestBody(http: HttpParts): Promise<{ digest: string; http: HttpParts }> {
  const { body } = http;
  if (body === null) return { digest: EMPTY_DIGEST, http };
  if (typeof body === "string") return covering(new TextEncoder().encode(body), http, body);
  if (body instanceof ArrayBuffer) return covering(new Uint8Array(body), http, body);
  if (ArrayBuffer.isView(body)) {
    const bytes = new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
    return covering(bytes, http, body);
  }
  if (!isShortStream(http)) return { digest: NO_DIGEST, http };
  const whole = await readBody(http);
  return covering(whole.body, whole, whole.body);
}

/** A stream known to be short: once read, it can go again to a callee that lacked the key. */
export const isShortStream = ({ body, headers }: HttpParts): boolean =>
  body instanceof ReadableStream &&
  Number(headers["content-length"] ?? Number.NaN) <= MOST_DIGESTED_BYTES;

/** The request with its body read. */
export async function readBody(http: HttpParts): Promise<HttpParts & { body: Uint8Array }> {
  const body = new Uint8Array(await new Response(http.body).arrayBuffer());
  return { ...http, body, replayable: true };
}

function covering(
  bytes: Uint8Array,
  http: HttpParts,
  body: BodyInit,
): { digest: string; http: HttpParts } {
  if (bytes.byteLength > MOST_DIGESTED_BYTES) return { digest: NO_DIGEST, http };
  return { digest: digestOf(bytes), http: { ...http, body, replayable: true } };
}
