// Owns the comparison of a Location header with an expected redirect.
// Missing host: any; missing scheme and path: those of the request; missing port: none or the scheme's default.
import { type Answer, headerOf } from "./answer.ts";
import type { ExpectedRedirect } from "./case-file.ts";
import type { Asked } from "./compare.ts";

const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: "80", https: "443" };

/** The differences between an expected redirect and the one answered; checked on 3xx only. */
export function compareRedirect(
  redirect: ExpectedRedirect,
  asked: Asked,
  answer: Answer,
): readonly string[] {
  if (answer.status < 300 || answer.status > 399) return [];
  const location = headerOf(answer, "location");
  if (location === null) return ["redirect: expected a Location header, got none"];
  const got = parseLocation(location, asked);
  if (got === null) return [`redirect: Location ${location} is no URL`];
  const rows: [part: string, expected: readonly string[] | null, got: string][] = [
    ["scheme", [redirect.scheme ?? asked.scheme], got.scheme],
    ["host", redirect.host === undefined ? null : [redirect.host], got.host],
    ["port", portsAllowed(redirect, asked), got.port],
    ["path", [redirect.path ?? asked.request.path], got.path],
  ];
  return rows
    .filter(([, expected, value]) => expected !== null && !expected.includes(value))
    .map(
      ([part, expected, value]) =>
        `redirect ${part}: expected ${expected?.join(" or ")}, got ${value} (Location ${location})`,
    );
}

function portsAllowed(redirect: ExpectedRedirect, asked: Asked): readonly string[] {
  const standard = DEFAULT_PORTS[redirect.scheme ?? asked.scheme] ?? "";
  if (redirect.port === undefined || redirect.port === "") return ["", standard];
  const port = String(redirect.port);
  return port === standard ? ["", port] : [port];
}

interface Location {
  readonly scheme: string;
  readonly host: string;
  /** As written: empty where the header names none, unlike in URL. */
  readonly port: string;
  readonly path: string;
}

function parseLocation(location: string, asked: Asked): Location | null {
  if (location.startsWith("/")) {
    const path = location.split(/[?#]/)[0] ?? "";
    return { scheme: asked.scheme, host: asked.request.host ?? "", port: "", path };
  }
  const parts = /^([a-z][a-z0-9+.-]*):\/\/(\[[^\]]*\]|[^/:?#]*)(?::(\d*))?([^?#]*)/i.exec(location);
  if (parts === null) return null;
  const [, scheme = "", host = "", port = "", path = ""] = parts;
  return { scheme: scheme.toLowerCase(), host: host.toLowerCase(), port, path: path || "/" };
}
