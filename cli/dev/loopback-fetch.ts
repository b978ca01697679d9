// Owns asking a loopback URL under another host's name, which Node's fetch cannot: it writes `Host` itself.
import http from "node:http";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";

export interface LoopbackRequest {
  readonly method?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | Uint8Array | undefined;
  readonly signal?: AbortSignal | undefined;
}

const agent = new http.Agent({ keepAlive: true });
/** Statuses whose Response must be made without a body. */
const bodyless = new Set([101, 204, 205, 304]);

/** Sends a request for `target` to the socket of `at`. Redirects are not followed, encodings not undone. */
export async function loopbackFetch(
  at: URL,
  target: string,
  { method = "GET", headers = {}, body, signal }: LoopbackRequest = {},
): Promise<Response> {
  const { host, pathname, search } = new URL(target);
  const message = await new Promise<http.IncomingMessage>((resolve, reject) => {
    const request = http.request(
      {
        agent,
        host: at.hostname,
        port: at.port,
        path: pathname + search,
        method,
        headers: { ...headers, host },
        signal,
      },
      resolve,
    );
    request.once("error", reject);
    request.end(body);
  });
  const answered = new Headers();
  for (const [name, values] of Object.entries(message.headersDistinct)) {
    for (const value of values ?? []) answered.append(name, value);
  }
  const status = message.statusCode ?? 0;
  if (bodyless.has(status)) {
    message.resume();
    return new Response(null, { status, headers: answered });
  }
  return new Response(Readable.toWeb(message) as ReadableStream<Uint8Array>, {
    status,
    headers: answered,
  });
}
