// Owns the checks of weights: slow start, least request, two choices, weighted round robin.
import { leastRequestWeight } from "../../../mesh/algorithms/balance/least-request.ts";
import { pickP2c } from "../../../mesh/algorithms/balance/p2c.ts";
import { pickRoundRobin } from "../../../mesh/algorithms/balance/round-robin.ts";
import { slowStartFactor } from "../../../mesh/algorithms/balance/slow-start.ts";
import { seeded } from "../load.ts";
import { type Check, near } from "./check.ts";

interface SlowPoint {
  readonly window_s: number;
  readonly aggression: number;
  readonly t_s: number;
  readonly weight_factor: number;
}

interface LeastPoint {
  readonly weight: number;
  readonly active: number;
  readonly bias: number;
  readonly effective: number;
}

interface Choice {
  readonly hosts: number;
  readonly active?: readonly number[];
  readonly slow_host_latency_factor?: number;
  readonly expect: string;
}

interface Turns {
  readonly weights: Readonly<Record<string, number>>;
  readonly picks: number;
  readonly expect: Readonly<Record<string, number>>;
  readonly tolerance?: number;
}

/** The checks of one document of schema meshlb/1. */
export function weightChecks(document: Readonly<Record<string, unknown>>): readonly Check[] {
  const slow = (document["slow_start"] ?? {}) as {
    readonly min_weight_percent?: number;
    readonly points?: readonly SlowPoint[];
  };
  const least = (document["least_request"] ?? {}) as { readonly points?: readonly LeastPoint[] };
  const lowest = (slow.min_weight_percent ?? 10) / 100;
  return [
    ...(slow.points ?? []).map((point) => checkSlow(point, lowest)),
    ...(least.points ?? []).map(checkLeast),
    ...((document["p2c_properties"] ?? []) as readonly Choice[]).map(checkChoice),
    ...((document["weighted_round_robin"] ?? []) as readonly Turns[]).map(checkTurns),
  ];
}

function checkSlow({ window_s, aggression, t_s, weight_factor }: SlowPoint, least: number): Check {
  const got = slowStartFactor({ windowMs: window_s * 1000, aggression, least }, t_s * 1000);
  return {
    title: `slow start, aggression ${aggression}, after ${t_s} s of ${window_s}`,
    detail: near("factor", [weight_factor], [got], 0.0001),
  };
}

function checkLeast({ weight, active, bias, effective }: LeastPoint): Check {
  return {
    title: `least request, weight ${weight}, ${active} active, bias ${bias}`,
    detail: near("weight", [effective], [leastRequestWeight(weight, active, bias)], 0.0001),
  };
}

const always = (): boolean => true;

function checkChoice({ hosts, active, slow_host_latency_factor, expect }: Choice): Check {
  const equal = Array.from({ length: hosts }, () => ({ weight: 1 }));
  const random = seeded(1);
  if (active !== undefined) {
    const idle = active.indexOf(Math.min(...active));
    const picks = Array.from({ length: 1000 }, () =>
      pickP2c(equal, (index) => active[index] ?? 0, always, random),
    );
    const others = picks.filter((pick) => pick !== idle).length;
    // Both draws are different hosts here, so that there is no other case.
    return { title: expect, detail: others === 0 ? [] : [`${others} of 1000 went elsewhere`] };
  }
  const share = slowShare(equal, slow_host_latency_factor ?? 10, random);
  const most = 1 / hosts / 3;
  return { title: expect, detail: share < most ? [] : [`expected below ${most}, got ${share}`] };
}

/** Share of the first host, that many times slower, of 20,000 calls by 20 callers that wait for their answers. */
function slowShare(
  hosts: readonly { readonly weight: number }[],
  factor: number,
  random: () => number,
): number {
  const inFlight = hosts.map(() => 0);
  const running: { endMs: number; host: number }[] = [];
  const calls = 20_000;
  let slow = 0;
  for (let call = 0, nowMs = 0; call < calls; call += 1) {
    if (running.length === 20) {
      running.sort((a, b) => b.endMs - a.endMs);
      const first = running.pop();
      nowMs = first?.endMs ?? nowMs;
      inFlight[first?.host ?? 0]! -= 1;
    }
    const host = pickP2c(hosts, (index) => inFlight[index] ?? 0, always, random);
    inFlight[host]! += 1;
    if (host === 0) slow += 1;
    running.push({ endMs: nowMs + (host === 0 ? factor : 1) * (0.5 + random()), host });
  }
  return slow / calls;
}

function checkTurns({ weights, picks, expect, tolerance = 0 }: Turns): Check {
  const names = Object.keys(weights);
  const hosts = names.map((name) => ({ weight: weights[name] ?? 0 }));
  const turns: number[] = [];
  const counts = names.map(() => 0);
  for (let pick = 0; pick < picks; pick += 1) counts[pickRoundRobin(hosts, turns, always)]! += 1;
  const wanted = names.map((name) => expect[name] ?? 0);
  return {
    title: `round robin ${JSON.stringify(weights)}`,
    detail: near("picks", wanted, counts, tolerance),
  };
}
