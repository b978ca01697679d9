// Owns turning a case into one request and sending it: through a Gateway's listener port, or through a mesh caller.
import { randomUUID } from "node:crypto";
import type { Answer } from "./answer.ts";
import type { Case, CaseFile } from "./case-file.ts";
import { targetOf } from "./compare.ts";
import { dialOf, urlHost } from "./dial.ts";
import { bindingFor, type MeshPlan } from "./plan.ts";
import { callerHost, PROBE_HOST, probeBinding } from "./project.ts";
import { send, type WireRequest } from "./wire.ts";

/** Where the mesh under test listens, and whose plan it has. */
export interface Place {
  readonly plan: MeshPlan;
  /** `host:port` of a Gateway's listener port. */
  readonly listener: (namespace: string, gateway: string, port: number) => string;
  /** `host:port` of the runner's own Gateway. */
  readonly driver: string;
}

/** Asks a case's question once; `extra` headers beside its own. */
export async function ask(
  place: Place,
  file: CaseFile,
  one: Case,
  extra: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  if (one.via.mesh !== undefined) return await askCaller(place, file, one, extra);
  return await send(gatewayRequest(place, one, extra));
}

/** The request of a case that enters through a Gateway. */
export function gatewayRequest(
  place: Place,
  one: Case,
  extra: Readonly<Record<string, string>> = {},
): WireRequest {
  const { gateway = "", namespace = "default", port = 80 } = one.via;
  const address = place.listener(namespace, gateway, port);
  const host = one.request.host_header ?? one.request.host ?? address;
  const body = bodyOf(one);
  return {
    address,
    method: one.request.method ?? "GET",
    target: targetOf(one.request.path, one.request.query),
    headers: [["Host", host], ...headersOf(one, extra)],
    ...(body === undefined ? {} : { body }),
  };
}

/** How many requests whose target contains the needle the backend of a workload has seen. */
export async function countSeen(
  place: Place,
  namespace: string,
  workload: string,
  needle: string,
): Promise<number> {
  const answer = await callThrough(place, PROBE_HOST, {
    binding: probeBinding(place.plan, namespace, workload),
    url: `http://probe/.conformance/seen?needle=${encodeURIComponent(needle)}`,
    method: "GET",
    headers: [],
  });
  return Number((JSON.parse(answer.body) as { count: number }).count);
}

let running = 0;

/** The case with its placeholders filled in; a fresh id on every call. */
export function filled(one: Case): Case {
  const unique = randomUUID();
  running += 1;
  const text = JSON.stringify(one)
    .replaceAll("{{unique}}", unique)
    .replaceAll("{{i}}", String(running));
  return JSON.parse(text) as Case;
}

interface Call {
  readonly binding: string;
  readonly url: string;
  readonly method: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body?: string;
}

async function askCaller(
  place: Place,
  file: CaseFile,
  one: Case,
  extra: Readonly<Record<string, string>>,
): Promise<Answer> {
  const from = one.via.mesh?.from ?? { namespace: "", labels: {} };
  const dial = dialOf(file, one);
  const [index, binding] = bindingFor(place.plan, from, dial.service);
  const host = urlHost(dial, one.request.host_header);
  const body = bodyOf(one);
  return await callThrough(place, callerHost(index), {
    binding,
    url: `http://${host}${targetOf(one.request.path, one.request.query)}`,
    method: one.request.method ?? "GET",
    headers: headersOf(one, extra),
    ...(body === undefined ? {} : { body }),
  });
}

/** A call made by the Worker that a host of the driver leads to. */
export async function callThrough(place: Place, host: string, call: Call): Promise<Answer> {
  const answer = await send({
    address: place.driver,
    method: "POST",
    target: "/call",
    headers: [
      ["Host", host],
      ["Content-Type", "application/json"],
    ],
    body: JSON.stringify(call),
  });
  if (answer.status !== 200)
    throw new Error(`the caller ${host} answered ${answer.status}: ${answer.body.slice(0, 300)}`);
  const said = JSON.parse(answer.body) as Answer & { readonly error?: string };
  if (said.error !== undefined) throw new Error(`the call threw: ${said.error}`);
  return said;
}

function headersOf(one: Case, extra: Readonly<Record<string, string>>): [string, string][] {
  const set = Object.entries(one.backend_sets_response_headers ?? {});
  const echo = set.map(([name, value]) => `${name}:${value}`).join(",");
  return [
    ...Object.entries(one.request.headers ?? {}),
    ...(echo === "" ? [] : ([["X-Echo-Set-Header", echo]] satisfies [string, string][])),
    ...Object.entries(extra),
  ];
}

/** An empty gRPC message where the case is gRPC and has no body of its own. */
function bodyOf(one: Case): string | undefined {
  return one.request.body ?? (one.via.protocol === "grpc" ? "\0\0\0\0\0" : undefined);
}
