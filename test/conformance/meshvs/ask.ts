// Owns sending a request of a case: by the binding of a caller, or through the Gateway that tells hosts apart.
import { randomUUID } from "node:crypto";
import type { Answer } from "../meshconf/answer.ts";
import { callThrough, type Place } from "../meshconf/ask.ts";
import { callerHost } from "../meshconf/project.ts";
import { send } from "../meshconf/wire.ts";
import type { VsCase, VsDocument } from "./document.ts";
import { boundService, callerKey } from "./plan.ts";

/** What the documents of a file share. */
export interface VsPlace extends Place {
  /** `host:port` of the listener for a port; null where no Gateway was applied. */
  readonly gatewayFor: (port: number) => string | null;
  readonly callerKeys: readonly string[];
}

let running = 0;

/** Asks once; `extra` headers beside its own. */
export async function askVs(
  place: VsPlace,
  document: VsDocument,
  one: VsCase,
  extra: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  running += 1;
  const { request } = one;
  const headers = {
    "x-request-id": randomUUID(),
    ...Object.fromEntries(
      Object.entries(request.headers ?? {}).map(([name, value]) => [
        name,
        value.replaceAll("{{i}}", String(running)),
      ]),
    ),
    ...echoed(one),
    ...extra,
  };
  const service = boundService(document, request);
  if (service !== null) return await askCaller(place, one, service, headers);
  const address = place.gatewayFor(request.port ?? 80);
  if (address === null) throw new Error(`no Gateway listens for ${request.host}`);
  return await send({
    address,
    method: request.method,
    target: request.path,
    headers: [["Host", request.host], ...Object.entries(headers)],
  });
}

async function askCaller(
  place: VsPlace,
  one: VsCase,
  service: string,
  headers: Readonly<Record<string, string>>,
): Promise<Answer> {
  const { request } = one;
  const index = place.callerKeys.indexOf(callerKey(one));
  const binding = place.plan.callers[index]?.bindings.get(service);
  if (binding === undefined) throw new Error(`no caller that dials ${service}`);
  const hasPort = request.port === undefined || request.port === 80 || /:\d+$/.test(request.host);
  return await callThrough(place, callerHost(index), {
    binding,
    url: `http://${request.host}${hasPort ? "" : `:${request.port}`}${request.path}`,
    method: request.method,
    headers: Object.entries(headers),
  });
}

/** What the backend is to answer with. */
function echoed({ expect }: VsCase): Readonly<Record<string, string>> {
  const set = Object.entries(expect.backend_sets_response_headers ?? {});
  const list = set.map(([name, value]) => `${name}:${value}`).join(",");
  return list === "" ? {} : { "X-Echo-Set-Header": list };
}
