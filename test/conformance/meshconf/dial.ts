// Owns what a mesh case dials: `via.mesh.to` and the request's host as a binding's service name and a port.
import type { Case, CaseFile } from "./case-file.ts";

/** What a caller's service binding names, in the words of a wrangler file, and the Service port. */
export interface Dial {
  readonly service: string;
  readonly port: number;
}

const ENDPOINT = /\{\{endpoint:([^}]+)\}\}/;
const CLUSTER_SUFFIX = /\.svc(\.cluster\.local)?\.?$/;

/** The dialled service of a mesh case. */
export function dialOf(file: CaseFile, one: Case): Dial {
  const to = one.via.mesh?.to ?? "";
  const from = one.via.mesh?.from.namespace ?? "";
  const endpoint = ENDPOINT.exec(one.request.host ?? "") ?? ENDPOINT.exec(to);
  if (endpoint !== null) {
    const name = endpoint[1] ?? "";
    const service = `endpoint:${name}.${namespaceOf(file, name, from)}`;
    return { service, port: portOf(one.request.host ?? to) };
  }
  return { service: to.replace(/:\d+$/, "").replace(CLUSTER_SUFFIX, ""), port: portOf(to) };
}

/** The caller's own namespace where it has such a workload, else the one that has. */
function namespaceOf(file: CaseFile, workload: string, from: string): string {
  const owners = file.backends
    .filter((backend) => backend.workloads.some((one) => one.workload === workload))
    .map((backend) => backend.namespace);
  return owners.includes(from) ? from : (owners[0] ?? from);
}

function portOf(host: string): number {
  const port = /:(\d+)$/.exec(host)?.[1];
  return port === undefined ? 80 : Number(port);
}

/** The host in the URL a caller calls: the Host header wanted, else the name dialled, with the Service port. */
export function urlHost(dial: Dial, hostHeader: string | undefined): string {
  const name = hostHeader ?? dial.service.replace(/^endpoint:/, "");
  const isPlain = dial.port === 80 || /:\d+$/.test(name);
  return isPlain ? name : `${name}:${dial.port}`;
}
