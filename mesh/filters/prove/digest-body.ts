// The digest of a request body that a `request` proof covers: where its length is known and at most 64 KiB.
import { digestOf, EMPTY_DIGEST, NO_DIGEST } from "../../identity/digest.ts";
import { isShortStream, MOST_HELD_BYTES, readBody } from "../../pipeline/body.ts";
import type { HttpParts } from "../../pipeline/call.ts";

/** A request, and the digest of its body. */
export interface Digested {
  readonly digest: string;
  readonly http: HttpParts;
}

/** The digest, and the request with its body read where it had to be; a body above the bound travels with `-`. */
export function digestBody(http: HttpParts): Promise<Digested> | Digested {
  const { body } = http;
  if (body === null) return { digest: EMPTY_DIGEST, http };
  // The runtime sends a lone surrogate as no encoder writes it.
  if (typeof body === "string" && !body.isWellFormed()) return { digest: NO_DIGEST, http };
  if (typeof body === "string") return covering(new TextEncoder().encode(body), http, body);
  if (body instanceof ArrayBuffer) return covering(new Uint8Array(body), http, body);
  if (ArrayBuffer.isView(body)) {
    const bytes = new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
    return covering(bytes, http, body);
  }
  if (!isShortStream(http)) return { digest: NO_DIGEST, http };
  return readBody(http).then((whole) => covering(whole.body, whole, whole.body));
}

function covering(bytes: Uint8Array, http: HttpParts, body: BodyInit): Digested {
  if (bytes.byteLength > MOST_HELD_BYTES) return { digest: NO_DIGEST, http };
  return { digest: digestOf(bytes), http: { ...http, body, replayable: true } };
}
