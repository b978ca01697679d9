// Owns what of another isolate's words is taken: as far as it is what it should be; a newer format may say more.
import {
  BREAKER_OBJECT,
  type BreakerDelta,
  type LeaseRequest,
  type PulsePart,
  type PulseReport,
} from "../../mesh/contract/pulse.ts";
import { TELEMETRY_OBJECT } from "../../mesh/contract/telemetry.ts";

const MOST_PARTS = 1024;
const MOST_NAME = 1024;
const MOST_PROBES = 64;

const isName = (value: unknown, most: number): value is string =>
  typeof value === "string" && value !== "" && value.length <= most;

/** A report; throws when it is none. Parts for objects that this build does not know are left out. */
export function toReport(given: PulseReport): PulseReport {
  const { isolate, sequence, version, nack } = given;
  const isSound =
    isName(isolate, 128) && Number.isSafeInteger(sequence) && Number.isSafeInteger(version);
  if (!isSound) throw new Error("not a pulse report");
  return {
    format: given.format,
    isolate,
    sequence,
    version,
    nack: nack
      ? { version: Number(nack.version), reason: String(nack.reason).slice(0, 256) }
      : null,
    parts: (given.parts ?? []).slice(0, MOST_PARTS).flatMap(toPart),
  };
}

/** A request for a lease; throws when it is none. */
export function toLeaseRequest({ format, isolate, object }: LeaseRequest): LeaseRequest {
  if (!isName(isolate, 128) || !isName(object, MOST_NAME) || !object.startsWith(BREAKER_OBJECT))
    throw new Error("not a request for a lease");
  return { format, isolate, object };
}

function toPart({ object, sequence, delta }: PulsePart): PulsePart[] {
  if (!isName(object, MOST_NAME) || !Number.isSafeInteger(sequence)) return [];
  if (object.startsWith(TELEMETRY_OBJECT)) return [{ object, sequence, delta }];
  if (!object.startsWith(BREAKER_OBJECT)) return [];
  return [{ object, sequence, delta: toBreakerDelta(delta as BreakerDelta) }];
}

type Counts = NonNullable<BreakerDelta["recent"]>;

const count = (value: unknown): number => Math.max(0, Math.floor(Number(value)) || 0);

const toCounts = ({ ok, failed, slow }: Counts): Counts => ({
  ok: count(ok),
  failed: count(failed),
  slow: count(slow),
});

const toBreakerDelta = (given: BreakerDelta): BreakerDelta => ({
  generation: count(given.generation),
  ...toCounts(given),
  ...(given.recent ? { recent: toCounts(given.recent) } : {}),
  held: count(given.held),
  run: count(given.run),
  ...(count(given.retries) > 0 ? { retries: count(given.retries) } : {}),
  ...(count(given.withheld) > 0 ? { withheld: count(given.withheld) } : {}),
  probes: (Array.isArray(given.probes) ? given.probes : [])
    .slice(0, MOST_PROBES)
    .map(({ lease, isOk, isUnused }: BreakerDelta["probes"][number]) => ({
      lease: count(lease),
      isOk: typeof isOk === "boolean" ? isOk : null,
      ...(isUnused === true ? { isUnused } : {}),
    })),
});
