// Owns the comparison rules of contracts/http-driving.json: an expectation and an answer in, the differences out.
// Pure. An expectation with a member that is unknown here is a difference: nothing passes by being overlooked.
import { type Answer, type Echo, echoIn, forwardedHeader, headerOf } from "./answer.ts";
import type { CaseRequest, ExpectedResponse, Expectation, Forwarded, Pairs } from "./case-file.ts";
import { compareRedirect } from "./redirect.ts";

/** What a comparison needs to know of the request it belongs to. */
export interface Asked {
  readonly request: CaseRequest;
  /** Logical scheme and port of the listener, not those of the loopback address. */
  readonly scheme: string;
  readonly port?: number;
}

const KNOWN = new Set([
  "status",
  "http_status",
  "grpc_status",
  "backend",
  "backend_namespace",
  "reaches_backend",
  "forwarded",
  "response",
  "redirect",
  "mirrored_to",
]);

/** Every way in which the answer is not as expected, each as `what: expected …, got …`; empty when it is. */
export function compare(expect: Expectation, asked: Asked, answer: Answer): readonly string[] {
  const echo = echoIn(answer);
  return [
    ...compareKnown(expect),
    ...compareStatus(expect, answer),
    ...compareGrpc(expect, answer),
    ...compareBackend(expect, echo, answer),
    ...(expect.forwarded === undefined ? [] : compareForwarded(expect.forwarded, answer, echo)),
    ...(expect.response === undefined ? [] : compareResponse(expect.response, answer)),
    ...(expect.redirect === undefined ? [] : compareRedirect(expect.redirect, asked, answer)),
  ];
}

/** One difference as a line. */
export function differs(what: string, expected: unknown, got: unknown): string {
  return `${what}: expected ${show(expected)}, got ${show(got)}`;
}

const show = (value: unknown): string =>
  typeof value === "string" ? value : (JSON.stringify(value) ?? "nothing");

function compareKnown(expect: Expectation): string[] {
  return Object.keys(expect)
    .filter((key) => !KNOWN.has(key) && !key.endsWith("_unasserted_upstream"))
    .map((key) => `expect.${key}: this runner does not know it`);
}

/** 408 and 504 stand for each other. */
function compareStatus(expect: Expectation, answer: Answer): string[] {
  const allowed = expect.status ?? expect.http_status;
  if (allowed === undefined) return [];
  const timeouts = [408, 504];
  const wide = allowed.some((status) => timeouts.includes(status))
    ? [...allowed, ...timeouts]
    : allowed;
  return wide.includes(answer.status)
    ? []
    : [differs("status", allowed.join(" or "), `${answer.status} ${excerpt(answer)}`)];
}

function excerpt(answer: Answer): string {
  return echoIn(answer) === null ? answer.body.slice(0, 200) : "(an echo)";
}

/** The code is in a header where the whole answer is headers, else in trailers, which a Worker cannot send. */
function compareGrpc(expect: Expectation, answer: Answer): string[] {
  if (expect.grpc_status === undefined) return [];
  const allowed = [expect.grpc_status].flat();
  const header = headerOf(answer, "grpc-status");
  const got = header === null ? (answer.status === 404 ? 12 : null) : Number(header);
  return got !== null && allowed.includes(got)
    ? []
    : [differs("grpc-status", allowed.join(" or "), got ?? `none (status ${answer.status})`)];
}

function compareBackend(expect: Expectation, echo: Echo | null, answer: Answer): string[] {
  const found: string[] = [];
  if (expect.reaches_backend === false && echo !== null)
    found.push(differs("backend", "not reached", echo.pod));
  if (expect.backend !== undefined && echo?.pod.startsWith(expect.backend) !== true)
    found.push(differs("backend", expect.backend, echo?.pod ?? `no echo: ${excerpt(answer)}`));
  if (expect.backend_namespace !== undefined && namespaceDiffers(expect, echo))
    found.push(
      differs("backend namespace", expect.backend_namespace, echo?.namespace ?? "no echo"),
    );
  return found;
}

/** Without an echo the status decides, unless a 200 was expected. */
function namespaceDiffers(expect: Expectation, echo: Echo | null): boolean {
  if (echo !== null) return echo.namespace !== expect.backend_namespace;
  return (expect.status ?? expect.http_status ?? [200]).includes(200);
}

/** Only on 200 and 204, as upstream does. */
function compareForwarded(forwarded: Forwarded, answer: Answer, echo: Echo | null): string[] {
  if (answer.status !== 200 && answer.status !== 204) return [];
  if (echo === null)
    return answer.status === 204 ? [] : [differs("forwarded", "an echo", excerpt(answer))];
  const values = (name: string): string | null => forwardedHeader(echo, name)?.join(",") ?? null;
  return [
    ...compareLine(forwarded, echo),
    ...compareHeaders("forwarded header", forwarded.headers ?? {}, values, commas),
    ...compareAbsent("forwarded header", forwarded.absent_headers ?? [], values),
  ];
}

function compareLine(forwarded: Forwarded, echo: Echo): string[] {
  const target =
    forwarded.path === undefined ? undefined : targetOf(forwarded.path, forwarded.query);
  const rows: [what: string, expected: string | undefined, got: string][] = [
    ["forwarded method", forwarded.method, echo.method],
    ["forwarded host", forwarded.host, echo.host],
    ["forwarded path", target, echo.path],
  ];
  return rows
    .filter(([, expected, got]) => expected !== undefined && expected !== got)
    .map(([what, expected, got]) => differs(what, expected, got));
}

/** A request target of path and query. */
export function targetOf(path: string, query: string | undefined): string {
  return query === undefined || query === "" ? path : `${path}?${query}`;
}

function compareResponse(response: ExpectedResponse, answer: Answer): string[] {
  const values = (name: string): string | null => headerOf(answer, name);
  const plain = response.ignore_whitespace === true ? blanks : commas;
  const oneOf = Object.entries(response.headers_one_of ?? {}).flatMap(([name, allowed]) => {
    const got = values(name);
    const isAllowed = got !== null && allowed.map(plain).includes(plain(got));
    return isAllowed ? [] : [differs(`response header ${name}`, allowed.join(" or "), got)];
  });
  return [
    ...compareHeaders("response header", response.headers ?? {}, values, plain),
    ...oneOf,
    ...compareAbsent("response header", response.absent_headers ?? [], values),
  ];
}

/** workerd joins repeated headers by ", ": a blank after a comma says nothing. */
const commas = (value: string): string => value.replaceAll(/,\s+/g, ",");
const blanks = (value: string): string => value.replaceAll(/\s+/g, "");

function compareHeaders(
  what: string,
  expected: Pairs,
  valueOf: (name: string) => string | null,
  plain: (value: string) => string,
): string[] {
  return Object.entries(expected).flatMap(([name, value]) => {
    const got = valueOf(name);
    return got !== null && plain(got) === plain(value)
      ? []
      : [differs(`${what} ${name}`, value, got ?? "none")];
  });
}

function compareAbsent(
  what: string,
  names: readonly string[],
  valueOf: (name: string) => string | null,
): string[] {
  return names.flatMap((name) => {
    const got = valueOf(name);
    return got === null ? [] : [differs(`${what} ${name}`, "none", got)];
  });
}
