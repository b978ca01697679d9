// A `url` endpoint: global fetch with the endpoint's origin in place of the request's; no proof and no baggage leaves the account.
import { BAGGAGE, HEDDLE } from "../contract/headers.ts";
import type { EndpointBinding } from "../pipeline/isolate.ts";

/** The origin's path prefix, if any, goes before the request's path. */
export function externalBinding(url: string): EndpointBinding {
  const base = url.endsWith("/") ? url.slice(0, -1) : url;
  return {
    fetch(input, init) {
      const pathStart = input.indexOf("/", input.indexOf("//") + 2);
      const headers: Record<string, string> = { ...(init.headers as Record<string, string>) };
      delete headers[HEDDLE];
      delete headers[BAGGAGE];
      return fetch(`${base}${pathStart < 0 ? "/" : input.slice(pathStart)}`, { ...init, headers });
    },
    dispatch: () =>
      Promise.reject(new TypeError("An endpoint given by url takes fetch only, not RPC.")),
  };
}
