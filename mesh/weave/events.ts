// Events of the platform: woven as they are, and closed to whoever would call their handlers over RPC.
import { notImplemented } from "./walk.ts";

/** Handlers that the platform, not a caller, invokes; a woven export has those its inner one has. */
export const EVENTS = [
  "scheduled",
  "queue",
  "email",
  "tail",
  "trace",
  "tailStream",
  "test",
] as const;

export type PlatformEvent = (typeof EVENTS)[number];

/**
 * Refuses a handler's call by RPC, around the chain: what the platform hands in, no caller can send. A stream of tail
 * events begins with a plain object, and so does an e-mail of the local runtime.
 */
export function onlyPlatform(event: PlatformEvent, first: unknown, isDev: boolean): void {
  if (event === "tailStream" || (event === "email" && isDev)) return;
  const sample: unknown = Array.isArray(first) ? first[0] : first;
  if (!FROM_PLATFORM.test(classOf(sample))) throw notImplemented(event);
}

/** ScheduledController, QueueController, ForwardableEmailMessage, TraceItem, TestController and their like. */
const FROM_PLATFORM = /(?:Controller|Batch|Event|Message|Item)$/;

/** By its prototype: own properties are what a caller could send. Not by its tag, which older dates do not have. */
function classOf(value: unknown): string {
  const prototype: unknown =
    typeof value === "object" && value !== null ? Object.getPrototypeOf(value) : null;
  return prototype === null ? "" : (prototype as object).constructor.name;
}
