// Owns driving a running topology: seeded users send its entry requests through the gateway, every hop's record comes back.
import { seeded } from "../conformance/load.ts";
import { many } from "../conformance/meshconf/repeat.ts";
import { send } from "../conformance/meshconf/wire.ts";
import type { CallRecord, HopRecord } from "./fixtures/service.ts";
import { hostOf } from "./project.ts";
import { lineOf, type Topology } from "./topology.ts";

export interface DriveOptions {
  /** `host:port` of the gateway. */
  readonly address: string;
  readonly requests: number;
  readonly seed: number;
  /** Users that requests are spread over. */
  readonly users?: number;
  readonly concurrency?: number;
}

/** One entry request: who asked, and what all the hops below saw. */
export interface Journey {
  readonly user: string;
  readonly status: number;
  /** Null where the entry service did not answer. */
  readonly record: HopRecord | null;
  readonly error?: string;
}

/** Sends the requests, each of an entry drawn by weight and of a user drawn evenly. */
export async function drive(
  topology: Topology,
  options: DriveOptions,
): Promise<readonly Journey[]> {
  const random = seeded(options.seed);
  const plans = Array.from({ length: options.requests }, () => ({
    user: `user-${Math.floor(random() * (options.users ?? 100))}`,
    ...drawRequest(topology, random),
  }));
  const journeys = await many(plans.length, options.concurrency ?? 10, async (index) => {
    const plan = plans[index]!;
    return await travel(topology, options.address, plan);
  });
  return journeys.map((journey, index) =>
    journey instanceof Error
      ? { user: plans[index]!.user, status: 0, record: null, error: journey.message }
      : journey,
  );
}

interface PlannedRequest {
  readonly service: string;
  readonly endpoint: string;
}

function drawRequest(topology: Topology, random: () => number): PlannedRequest {
  const total = topology.entry.reduce((sum, entry) => sum + entry.weight, 0);
  let left = random() * total;
  const entry = topology.entry.find((one) => (left -= one.weight) < 0) ?? topology.entry[0]!;
  return entry.requests[Math.floor(random() * entry.requests.length)]!;
}

async function travel(
  topology: Topology,
  address: string,
  plan: PlannedRequest & { readonly user: string },
): Promise<Journey> {
  const { method, path } = lineOf(plan.endpoint);
  const answer = await send({
    address,
    method,
    target: path,
    headers: [
      ["Host", hostOf(topology, plan.service)],
      ["end-user", plan.user],
    ],
  });
  const record = parseRecord(answer.body);
  const error = record === null ? { error: answer.body.slice(0, 300) } : {};
  return { user: plan.user, status: answer.status, record, ...error };
}

function parseRecord(body: string): HopRecord | null {
  try {
    const value = JSON.parse(body) as Partial<HopRecord> | null;
    return typeof value?.service === "string" ? (value as HopRecord) : null;
  } catch {
    return null;
  }
}

/** Every hop of a journey, the entry first. */
export function hopsOf(record: HopRecord): readonly HopRecord[] {
  return [record, ...record.calls.flatMap((call) => (call.record ? hopsOf(call.record) : []))];
}

/** Every call between services of a journey, with the service that made it. */
export function callsOf(record: HopRecord): readonly (CallRecord & { readonly from: string })[] {
  return record.calls.flatMap((call) => [
    { from: record.service, ...call },
    ...(call.record === null ? [] : callsOf(call.record)),
  ]);
}

/** What went wrong anywhere in the journeys; empty when nothing did. */
export function failuresOf(journeys: readonly Journey[]): readonly string[] {
  return journeys.flatMap((journey) => {
    if (journey.status !== 200 || journey.record === null)
      return [`entry: status ${journey.status} ${journey.error ?? ""}`];
    return callsOf(journey.record)
      .filter((call) => call.status !== 200 || call.tries !== 1)
      .map(
        (call) => `${call.from}>${call.to}: ${call.status} ${call.error ?? ""}, try ${call.tries}`,
      );
  });
}

/** By `from>to`, the mean number of calls per journey. */
export function meansOf(journeys: readonly Journey[]): ReadonlyMap<string, number> {
  const means = new Map<string, number>();
  for (const call of journeys.flatMap(({ record }) => (record === null ? [] : callsOf(record)))) {
    const edge = `${call.from}>${call.to}`;
    means.set(edge, (means.get(edge) ?? 0) + 1 / journeys.length);
  }
  return means;
}

/** The share of a service's hops that each of its versions answered. */
export function sharesOf(
  journeys: readonly Journey[],
  service: string,
): ReadonlyMap<string, number> {
  const hops = journeys
    .flatMap(({ record }) => (record === null ? [] : hopsOf(record)))
    .filter((hop) => hop.service === service);
  const shares = new Map<string, number>();
  for (const hop of hops) shares.set(hop.version, (shares.get(hop.version) ?? 0) + 1 / hops.length);
  return shares;
}

/** The trace ids the hops of one journey were handed in a `traceparent` header, without repetition. */
export function traceIdsOf(record: HopRecord): readonly string[] {
  const ids = hopsOf(record).flatMap((hop) => hop.traceparent?.split("-")[1] ?? []);
  return [...new Set(ids)];
}
