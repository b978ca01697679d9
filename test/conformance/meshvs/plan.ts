// Owns which Workers the documents of a file need: echo backends by service, callers by where a request comes from.
import type { MeshPlan, PlannedCaller } from "../meshconf/plan.ts";
import { NAMESPACE, type Spec, type VsCase, type VsDocument, type VsRequest } from "./document.ts";

/** The Worker behind one endpoint of a service. */
export const workerOf = (service: string, index: number): string => `echo-${service}-${index + 1}`;

/** The service's subsets by name, with their labels; of several rules of one host all count. */
export function subsetsOf(
  document: VsDocument,
  service: string,
): ReadonlyMap<string, Readonly<Record<string, string>>> {
  const rules = (document.destination_rules ?? []).filter(
    ({ host }) => shortName(host) === service,
  );
  const subsets = rules.flatMap(
    ({ subsets = [] }) =>
      subsets as readonly { name: string; labels?: Readonly<Record<string, string>> }[],
  );
  return new Map(subsets.map(({ name, labels = {} }) => [name, labels]));
}

/** Names of the services a document calls or leads to. */
export function servicesOf(document: VsDocument): readonly string[] {
  const hosts: string[] = [];
  JSON.stringify([document.virtual_services, document.destination_rules], (key, value: unknown) => {
    if (key === "host" && typeof value === "string") hosts.push(value);
    if (key === "hosts" && Array.isArray(value)) hosts.push(...(value as string[]));
    return value;
  });
  return [...new Set(hosts.flatMap((host) => shortName(host) ?? []))];
}

/** How many Workers stand behind a service. */
export const sizeOf = (document: VsDocument, service: string): number =>
  Math.max(document.endpoints ?? 1, subsetsOf(document, service).size);

/** The service a host names, if it is the name of one. */
export function shortName(host: unknown): string | null {
  const [, name] = /^([a-z0-9-]+)(?:\.[a-z0-9-]+\.svc.*)?$/.exec(String(host)) ?? [];
  return name ?? null;
}

/** What a caller's binding names for the host of a request; null where a Gateway tells hosts apart. */
export function boundService(document: VsDocument, { host, source }: VsRequest): string | null {
  const service = serviceAt(document, host);
  const isForeign = (source?.namespace ?? NAMESPACE) !== NAMESPACE;
  return service !== null && isForeign ? `${service}.${NAMESPACE}` : service;
}

function serviceAt(document: VsDocument, host: string): string | null {
  const bare = host.replace(/:\d+$/, "").toLowerCase();
  const short = shortName(bare);
  if (short !== null && servicesOf(document).includes(short)) return short;
  const isNamed = document.virtual_services.some(
    (one) => isForMesh(one) && (one["hosts"] as readonly string[]).includes(bare),
  );
  return isNamed ? bare.replaceAll(/[^a-z0-9-]+/g, "-") : null;
}

/** What names a Gateway is asked through it, since there its hosts are told apart. */
const isForMesh = ({ gateways = [] }: Spec): boolean =>
  (gateways as readonly string[]).every((gateway) => gateway === "mesh");

/** One mesh for all documents. */
export function planOf(documents: readonly VsDocument[]): MeshPlan {
  const sizes = new Map<string, number>();
  const callers = new Map<string, Map<string, string>>([["{}", new Map()]]);
  for (const document of documents) {
    for (const service of servicesOf(document))
      sizes.set(service, Math.max(sizes.get(service) ?? 0, sizeOf(document, service)));
    for (const one of document.cases) {
      const service = boundService(document, one.request);
      const key = callerKey(one);
      const bindings = callers.get(key) ?? new Map<string, string>();
      callers.set(key, bindings);
      if (service !== null && !bindings.has(service)) bindings.set(service, `TO_${bindings.size}`);
    }
  }
  const workloads = [...sizes].flatMap(([service, size]) =>
    Array.from({ length: size }, (_, index) => ({
      namespace: NAMESPACE,
      name: workerOf(service, index),
      labels: {},
    })),
  );
  return {
    files: [],
    namespaces: new Map(),
    workloads,
    callers: [...callers].map(([key, bindings], index) => toCaller(key, bindings, index)),
  };
}

function toCaller(
  key: string,
  bindings: ReadonlyMap<string, string>,
  index: number,
): PlannedCaller {
  const { labels = {}, namespace = NAMESPACE } = JSON.parse(key) as NonNullable<
    VsCase["request"]["source"]
  >;
  return { name: `caller-${index}`, namespace, labels, bindings };
}

/** What tells callers apart. */
export const callerKey = ({ request }: VsCase): string => JSON.stringify(request.source ?? {});

/** The Services of a document: endpoints carry the labels of its subsets. */
export function servicesFor(document: VsDocument): readonly unknown[] {
  return servicesOf(document).map((name) => {
    const labels = [...subsetsOf(document, name).values()];
    const endpoints = Array.from({ length: sizeOf(document, name) }, (_, index) => ({
      worker: workerOf(name, index),
      ...(labels[index] ? { labels: labels[index] } : {}),
    }));
    return {
      apiVersion: "heddle.dev/v1",
      kind: "Service",
      metadata: { name, namespace: NAMESPACE },
      spec: { endpoints },
    };
  });
}
