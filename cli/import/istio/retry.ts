// Owns how Istio's retries become those of an HTTPRoute. A broken connection is tried again in any case.
import type { Fields } from "../fields.ts";
import { duration } from "./duration.ts";

/** Istio's own conditions where a route with `retries` names none. */
const USUAL = "connect-failure,refused-stream,unavailable,cancelled,503";

const all5xx = Array.from({ length: 100 }, (_, index) => 500 + index);
/** Codes that a condition stands for; those of the connection stand for none. */
const CODES: Readonly<Record<string, readonly number[]>> = {
  "5xx": all5xx,
  "gateway-error": [502, 503, 504],
  "retriable-4xx": [409],
  "envoy-ratelimited": [429],
  unavailable: [503],
  "connect-failure": [],
  "refused-stream": [],
  reset: [],
  "reset-before-request": [],
  "http3-post-connect-failure": [],
  cancelled: [],
};

/** The retry of a rule; null where the VirtualService says nothing, so that the mesh's default holds. */
export function retryOf(given: Fields | undefined): Readonly<Record<string, unknown>> | null {
  if (given === undefined) return null;
  given.text("perTryTimeout");
  const attempts = given.number("attempts") ?? 2;
  const names = (given.text("retryOn") || USUAL).split(",").map((name) => name.trim());
  const backoff = duration(given, "backoff");
  // An HTTPRoute cannot say "none": no status is one to try again for.
  if (attempts === 0) return { attempts: 1, codes: [] };
  const unknown = names.filter((name) => !(name in CODES) && !/^[45]\d\d$/.test(name));
  if (unknown.length > 0) given.lacks("retryOn", `${unknown.join(", ")} has no counterpart`);
  const codes = names.flatMap(
    (name) => CODES[name] ?? (unknown.includes(name) ? [] : [Number(name)]),
  );
  return {
    attempts,
    codes: [...new Set(codes)].toSorted((a, b) => a - b),
    ...(backoff ? { backoff } : {}),
  };
}
