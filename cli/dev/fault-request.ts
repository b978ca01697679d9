// Owns reading the body of POST /dev/faults: every mistake is named together with what is allowed.
import { durationSchema, toMilliseconds } from "../../mesh/contract/resources/duration.ts";
import type { FaultMode, FaultRequest } from "./fault-board.ts";

/** What may be hit in this mesh. */
export interface FaultScope {
  /** Names of the object classes. */
  readonly classes: readonly string[];
  /** Workloads `ns/name`. */
  readonly workloads: readonly string[];
}

export type FaultReading =
  | { readonly ok: true; readonly request: FaultRequest }
  | { readonly ok: false; readonly message: string };

const MODES_OF: Readonly<Record<string, readonly FaultMode[]>> = {
  control: ["down", "slow", "overload", "restart", "ok"],
  kv: ["down", "slow", "overload", "empty", "ok"],
  pulse: ["down", "slow", "overload", "ok"],
  objects: ["down", "slow", "overload", "restart", "evict", "rekey", "ok"],
  isolate: ["restart"],
};

const FIELDS = ["target", "mode", "share", "ms", "for"];
const DEFAULT_SLOW_MS = 1000;
const MAX_SLOW_MS = 600_000;

/** Reads one fault; unknown targets, modes and fields come back as one sentence with what is allowed. */
export function readFault(body: unknown, scope: FaultScope): FaultReading {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    return wrong('the body is one JSON object such as {"target":"kv","mode":"down"}');
  }
  const fields = body as Readonly<Record<string, unknown>>;
  const stranger = Object.keys(fields).find((name) => !FIELDS.includes(name));
  if (stranger) return wrong(`unknown field "${stranger}"; allowed: ${FIELDS.join(", ")}`);
  const { target } = fields;
  const family = typeof target === "string" ? familyOf(target, scope) : undefined;
  if (typeof target !== "string" || family === undefined)
    return wrong(`unknown target ${JSON.stringify(target)}; allowed: ${targetsOf(scope)}`);
  const allowed = MODES_OF[family] ?? [];
  const mode = allowed.find((known) => known === fields["mode"]);
  if (!mode) {
    const given = JSON.stringify(fields["mode"]);
    return wrong(`unknown mode ${given} for ${target}; allowed: ${allowed.join(", ")}`);
  }
  return readExtent({ target, mode }, fields);
}

function readExtent(
  what: Pick<FaultRequest, "target" | "mode">,
  { share = 1, ms = DEFAULT_SLOW_MS, for: lasting }: Readonly<Record<string, unknown>>,
): FaultReading {
  if (!isNumberUpTo(1, share)) return wrong("share is a number from 0 to 1");
  if (!isNumberUpTo(MAX_SLOW_MS, ms)) return wrong(`ms is a number from 0 to ${MAX_SLOW_MS}`);
  const forMs = durationMs(lasting);
  if (forMs === undefined) return wrong('for is milliseconds, or a duration such as "30s"');
  return { ok: true, request: { ...what, share, ms, forMs } };
}

const isNumberUpTo = (max: number, value: unknown): value is number =>
  typeof value === "number" && value >= 0 && value <= max;

function familyOf(target: string, scope: FaultScope): string | undefined {
  if (Object.hasOwn(MODES_OF, target) && target !== "isolate") return target;
  const colon = target.indexOf(":");
  const [family, name] = [target.slice(0, colon), target.slice(colon + 1)];
  if (family === "objects" && scope.classes.includes(name)) return "objects";
  if (family === "isolate" && (name === "*" || scope.workloads.includes(name))) return "isolate";
  return undefined;
}

function targetsOf({ classes, workloads }: FaultScope): string {
  return [
    "control",
    "kv",
    "pulse",
    "objects",
    ...classes.map((name) => `objects:${name}`),
    "isolate:*",
    ...workloads.map((name) => `isolate:${name}`),
  ].join(", ");
}

/** Null where none is given, undefined where it cannot be read. */
function durationMs(value: unknown): number | null | undefined {
  if (value === undefined || value === null) return null;
  if (typeof value === "number") return value > 0 ? value : undefined;
  const duration = durationSchema.safeParse(value);
  return duration.success ? toMilliseconds(duration.data) : undefined;
}

const wrong = (message: string): FaultReading => ({ ok: false, message });
