// Owns what policies are asked about an HTTP request, read off its parts once.
import { policyHost } from "../../algorithms/authorize/path.ts";
import type { Asked } from "../../algorithms/authorize/holds.ts";

/** A question that a filter may still change before it is decided. */
export type Question = { -readonly [K in keyof Asked]: Asked[K] };

/** Of a request by its method, URL and headers; the raw path stands between authority and query. */
export function askedOfHttp(
  caller: Pick<Asked, "principal" | "via" | "claims" | "remoteIp">,
  method: string,
  url: string,
  header: (name: string) => string | null,
): Question {
  const start = pathStart(url);
  const end = url.slice(start).search(/[?#]/);
  const { host, port, protocol } = new URL(url);
  return {
    ...caller,
    rpc: null,
    method,
    host: policyHost(host),
    port: port === "" ? (protocol === "https:" ? "443" : "80") : port,
    path: end < 0 ? url.slice(start) : url.slice(start, start + end),
    header,
  };
}

/** Of whoever has no identity; the platform names the client's address. */
export const outsider = (
  header: (name: string) => string | null,
  claims: Asked["claims"],
): Pick<Asked, "principal" | "via" | "claims" | "remoteIp"> => ({
  principal: "",
  via: "direct",
  claims,
  remoteIp: header("cf-connecting-ip") ?? undefined,
});

/** The URL with another path. */
export function withPath(url: string, from: string, to: string): string {
  const start = pathStart(url);
  return url.slice(0, start) + to + url.slice(start + from.length);
}

const pathStart = (url: string): number => url.indexOf("/", url.indexOf("//") + 2);
