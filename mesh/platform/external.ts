// A `url` endpoint: global fetch with the endpoint's origin in place of the request's; no proof and no baggage leaves the account.
import { BAGGAGE, HEDDLE, HEDDLE_ANSWER, HEDDLE_REASON } from "../contract/headers.ts";
import type { EndpointBinding } from "../pipeline/isolate.ts";

/** Sends the request, its URL and headers those of the endpoint. */
export type SendOut = (
  url: string,
  init: RequestInit,
  headers: Record<string, string>,
) => Promise<Response>;

/** The origin's path prefix, if any, goes before the request's path. */
export function externalTo(url: string, send: SendOut = sendBare): EndpointBinding {
  const base = url.endsWith("/") ? url.slice(0, -1) : url;
  return {
    fetch(input, init) {
      const pathStart = input.indexOf("/", input.indexOf("//") + 2);
      const headers: Record<string, string> = { ...(init.headers as Record<string, string>) };
      delete headers[HEDDLE];
      delete headers[BAGGAGE];
      return send(`${base}${pathStart < 0 ? "/" : input.slice(pathStart)}`, init, headers);
    },
    dispatch: () =>
      Promise.reject(new TypeError("An endpoint given by url takes fetch only, not RPC.")),
  };
}

/** As it is. */
export const sendBare: SendOut = async (url, init, headers) =>
  withoutOurs(await fetch(url, { ...init, headers }));

/** Nobody outside speaks for our mesh. */
function withoutOurs(response: Response): Response {
  const found = [HEDDLE_REASON, HEDDLE_ANSWER].filter((name) => response.headers.has(name));
  if (found.length === 0) return response;
  const bare = new Response(response.body, response);
  for (const name of found) bare.headers.delete(name);
  return bare;
}
