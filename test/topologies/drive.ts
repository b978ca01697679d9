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

/** A mean of what was drawn, with the standard error of it; nought where all were alike. */
interface Mean {
  readonly mean: number;
  readonly error: number;
}

/** By `from>to`, the mean number of calls per journey. */
export function meansOf(journeys: readonly Journey[]): ReadonlyMap<string, Mean> {
  const counts = new Map<string, number[]>();
  for (const [index, { record }] of journeys.entries()) {
    for (const { from, to } of record === null ? [] : callsOf(record)) {
      const edge = `${from}>${to}`;
      const own = counts.get(edge) ?? journeys.map(() => 0);
      own[index] = (own[index] ?? 0) + 1;
      counts.set(edge, own);
    }
  }
  return new Map([...counts].map(([edge, own]) => [edge, meanOf(own)]));
}

function meanOf(draws: readonly number[]): Mean {
  const mean = draws.reduce((sum, draw) => sum + draw, 0) / draws.length;
  const variance = draws.reduce((sum, draw) => sum + (draw - mean) ** 2, 0) / draws.length;
  return { mean, error: Math.sqrt(variance / draws.length) };
}

/** How many of a service's hops each of its versions answered. */
export function answersOf(
  journeys: readonly Journey[],
  service: string,
): ReadonlyMap<string, number> {
  const hops = journeys
    .flatMap(({ record }) => (record === null ? [] : hopsOf(record)))
    .filter((hop) => hop.service === service);
  const answers = new Map<string, number>();
  for (const hop of hops) answers.set(hop.version, (answers.get(hop.version) ?? 0) + 1);
  return answers;
}

/** The trace ids the hops of one journey were handed in a `traceparent` header, without repetition. */
export function traceIdsOf(record: HopRecord): readonly string[] {
  const ids = hopsOf(record).flatMap((hop) => hop.traceparent?.split("-")[1] ?? []);
  return [...new Set(ids)];
}
