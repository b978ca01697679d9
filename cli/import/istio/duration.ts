// Owns durations: protobuf's `0.5s` as the Gateway API's `500ms`.
import type { Fields } from "../fields.ts";

const UNIT_MS: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 0.001,
  ns: 0.000_001,
};

/** Milliseconds of a duration as protobuf or Go writes it; undefined where it is none. */
export function toMs(text: string | undefined): number | undefined {
  if (text === undefined || !/^(?:\d+(?:\.\d+)?(?:h|ms|us|ns|m|s))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)(h|ms|us|ns|m|s)/g))
    total += Number(number) * (UNIT_MS[unit ?? ""] ?? 0);
  return Math.round(total);
}

/** Milliseconds as the Gateway API writes them: at most five digits with each unit. */
export function toDuration(ms: number): string {
  if (ms === 0) return "0s";
  const parts = [
    [Math.floor(ms / 3_600_000), "h"],
    [Math.floor(ms / 60_000) % 60, "m"],
    [Math.floor(ms / 1000) % 60, "s"],
    [ms % 1000, "ms"],
  ] as const;
  return parts
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count}${unit}`)
    .join("");
}

/** A field as a duration of the Gateway API; told where it is none. */
export function duration(fields: Fields, name: string): string | undefined {
  const text = fields.text(name);
  if (text === undefined) return undefined;
  const ms = toMs(text);
  if (ms === undefined) fields.lacks(name, `${text} is not a duration`);
  return ms === undefined ? undefined : toDuration(ms);
}

/** The timeouts of a rule; one try is never given longer than all. */
export function toGatewayTimes(given: Fields): Readonly<Record<string, string>> | null {
  const request = toMs(given.text("timeout"));
  const retries = given.object("retries");
  const perTry = toMs(retries?.text("perTryTimeout"));
  const times = {
    ...(request === undefined ? {} : { request: toDuration(request) }),
    ...(perTry === undefined
      ? {}
      : { backendRequest: toDuration(request ? Math.min(perTry, request) : perTry) }),
  };
  return Object.keys(times).length > 0 ? times : null;
}
