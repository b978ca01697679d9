// What a route's cross-origin rules do: late, since few routes have any.
import type { Cors, HeaderChange } from "../../contract/rule.ts";
import type { HttpParts, OutboundCall } from "../../pipeline/call.ts";
import type { Body } from "../../pipeline/late.ts";
import { answer } from "../../pipeline/outcome.ts";
import { changed } from "../../pipeline/transform.ts";

const ALLOW = "access-control-allow-";
const ASKED = "access-control-request-";

/** Answers a preflight; marks any other answer. */
export const share: Body<OutboundCall, Cors> = async (call, given, next) => {
  const { http } = call;
  const origin = http?.headers["origin"];
  const isPreflight =
    http?.method === "OPTIONS" &&
    origin !== undefined &&
    http.headers[`${ASKED}method`] !== undefined;
  const outcome = isPreflight ? answer(new Response(null), 200) : await next(call);
  return changed(outcome, changeFor(given, origin, isPreflight ? http : null));
};

/** What every answer gets, and with a preflight's request what a preflight gets. */
function changeFor(
  given: Cors,
  origin: string | undefined,
  preflight: HttpParts | null,
): HeaderChange {
  const { origins, credentials } = given;
  const isOpen = origins[0] === "*" && credentials !== true;
  const set: [string, string][] = [];
  const say = (name: string, value: string | undefined): void => {
    if (value !== undefined) set.push([name, value]);
  };
  if (origin !== undefined && isKnown(given, origin)) {
    say(`${ALLOW}origin`, isOpen ? "*" : origin);
    if (credentials === true) say(`${ALLOW}credentials`, "true");
    say("access-control-expose-headers", given.expose);
    if (preflight !== null) {
      for (const name of ["method", "headers"] as const) {
        const own = name === "method" ? given.methods : given.headers;
        const field = name === "method" ? "methods" : name;
        say(ALLOW + field, own === "*" ? preflight.headers[ASKED + name] : own);
      }
      say("access-control-max-age", String(given.maxAge));
    }
  }
  return { remove: [`${ALLOW}origin`], set, add: isOpen ? [] : [["vary", "origin"]] };
}

const isKnown = ({ origins, patterns = [] }: Cors, origin: string): boolean =>
  origins.some((pattern) => isTaken(pattern, origin.toLowerCase())) ||
  patterns.some((pattern) => new RegExp(`^(?:${pattern})$`, "s").test(origin));

/** `*` inside an origin stands for labels, never for a port. */
function isTaken(pattern: string, origin: string): boolean {
  const star = pattern.indexOf("*");
  if (star < 0 || pattern === "*") return star === 0 || pattern === origin;
  const end = pattern.slice(star + 1);
  return (
    origin.length >= pattern.length &&
    origin.startsWith(pattern.slice(0, star)) &&
    origin.endsWith(end) &&
    !origin.slice(star, origin.length - end.length).includes(":")
  );
}
