// Owns what of an answer is compared with what a case expects.
import { type Answer, echoIn, forwardedHeader, headerOf } from "../meshconf/answer.ts";
import { differs } from "../meshconf/compare.ts";
import type { VsDestination, VsDocument, VsExpect, VsRequest } from "./document.ts";
import { shortName, sizeOf, subsetsOf, workerOf } from "./plan.ts";

/** The differences; empty when the answer is the one expected. */
export function compareAnswer(
  document: VsDocument,
  request: VsRequest,
  expect: VsExpect,
  answer: Answer,
): readonly string[] {
  const echo = echoIn(answer);
  const found: string[] = [];
  const say = (what: string, wanted: unknown, got: unknown): void => {
    if (wanted !== undefined && wanted !== got) found.push(differs(what, wanted, got));
  };
  say("status", expect.status ?? (expect.destination ? 200 : undefined), answer.status);
  say("body", expect.body, answer.body);
  if (expect.destination) say("destination", true, isAt(document, expect.destination, answer));
  if (expect.reaches_backend === false) say("reaches a backend", false, echo !== null);
  if (expect.attempts !== undefined) say("attempts", expect.attempts, attemptOf(answer));
  found.push(
    ...compareForwarded(expect.forwarded, answer),
    ...compareResponse(expect.response, answer),
  );
  if (expect.redirect) found.push(...compareRedirect(expect.redirect, request, answer));
  return found;
}

function compareForwarded(wanted: VsExpect["forwarded"] = {}, answer: Answer): readonly string[] {
  const echo = echoIn(answer);
  const same = (what: string, left: unknown, right: unknown): readonly string[] =>
    left === undefined || left === right ? [] : [differs(`forwarded ${what}`, left, right)];
  const of = (name: string) => echo && forwardedHeader(echo, name);
  return [
    ...same("host", wanted.host, echo?.host),
    ...same("path", wanted.path, echo?.path),
    ...Object.entries(wanted.headers ?? {}).flatMap(([name, value]) =>
      same(name, bare(value), bare(of(name)?.join(","))),
    ),
    ...(wanted.absent_headers ?? []).flatMap((name) => same(name, null, of(name))),
  ];
}

const compareResponse = (wanted: VsExpect["response"] = {}, answer: Answer): readonly string[] =>
  [
    ...Object.entries(wanted.headers ?? {}),
    ...(wanted.absent_headers ?? []).map((name) => [name, null] as const),
  ].flatMap(([name, value]) => {
    const got = headerOf(answer, name);
    const isSame = value === null ? got === null : bare(value) === bare(got);
    return isSame ? [] : [differs(`answered ${name}`, value, got)];
  });

/** Blanks in lists do not count. */
const bare = (value: string | null | undefined): string | undefined => value?.replaceAll(/\s/g, "");

/** A default port written out and left out are the same place (RFC 9110 §4.2.3). */
function compareRedirect(
  wanted: NonNullable<VsExpect["redirect"]>,
  { host }: VsRequest,
  answer: Answer,
): readonly string[] {
  const location = headerOf(answer, "location");
  if (location === null) return ["no Location"];
  const got = new URL(location, `http://${host}`);
  const same = (what: string, left: string | undefined, right: string): readonly string[] =>
    left === undefined || left === right ? [] : [differs(what, left, right)];
  return [
    ...same("location", wanted.location && new URL(wanted.location).href, got.href),
    ...same("redirect host", wanted.host, got.hostname),
    ...same(
      "redirect path",
      wanted.path,
      wanted.path?.includes("?") ? got.pathname + got.search : got.pathname,
    ),
  ];
}

/** Whether the destination's Workers gave the answer. */
export function isAt(
  document: VsDocument,
  { host, subset }: VsDestination,
  answer: Answer,
): boolean {
  const pod = echoIn(answer)?.pod ?? "";
  return workersOf(document, host, subset).some((name) => pod.startsWith(`${name}-`));
}

/** The Workers of a destination. */
export function workersOf(document: VsDocument, host: string, subset?: string): readonly string[] {
  const service = shortName(host) ?? host;
  const names = [...subsetsOf(document, service).keys()];
  const all = Array.from({ length: sizeOf(document, service) }, (_, index) =>
    workerOf(service, index),
  );
  return subset === undefined ? all : all.filter((_, index) => names[index] === subset);
}

function attemptOf(answer: Answer): number | null {
  try {
    return (JSON.parse(answer.body) as { attempt?: number }).attempt ?? null;
  } catch {
    return null;
  }
}
