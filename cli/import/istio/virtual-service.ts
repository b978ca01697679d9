// Owns how a VirtualService becomes HTTPRoutes, and the HTTPFilters and Services they need.
import { type Action, NO_ROUTE, toAction } from "./action.ts";
import type { Fields } from "../fields.ts";
import { namedAfter, serviceManifest, serviceOf } from "./hosts.ts";
import { MATCH_ALL, type Match, toMatches } from "./match.ts";
import { type Item, isReordered, withoutNegations } from "./order.ts";
import { type IstioDocument, type Manifest, type Scene, make, toName } from "./scene.ts";

/** The Gateway for hosts of mesh routes that are no Service: a wildcard cannot be bound to. */
export const HOSTS_GATEWAY = "mesh-hosts";
/** A route has at most so many rules, and a rule so many matches (Gateway API). */
const MAX_RULES = 16;
const MAX_MATCHES = 64;
const MAX_ROUTE_MATCHES = 128;

type Part = Readonly<Record<string, unknown>>;

/** Translates one VirtualService. */
export function translateVirtualService(document: IstioDocument, scene: Scene): void {
  const { spec } = document;
  if (spec.has("exportTo"))
    spec.lacks("exportTo", "a route holds for the callers of its own namespace, or for all");
  spec.raw("exportTo");
  const named = spec.texts("gateways");
  const gateways = named.length > 0 ? named : ["mesh"];
  // A rule holds for every parent of its route: matches for some of the gateways alone need a route for each.
  const isSplit = spec
    .objects("http")
    .some((route) => route.objects("match").some((match) => match.has("gateways")));
  const groups = isSplit ? gateways.map((gateway) => [gateway]) : [gateways];
  for (const [index, group] of groups.entries()) {
    const name = index === 0 ? document.name : toName(`${document.name}-${group.join("-")}`);
    translateFor(document, scene, name, { all: gateways, group });
  }
}

/** Gateways of a VirtualService, and those of them that a route is for. */
interface Gateways {
  readonly all: readonly string[];
  readonly group: readonly string[];
}

function translateFor(
  document: IstioDocument,
  scene: Scene,
  name: string,
  gateways: Gateways,
): void {
  const parents = parentsOf(document, gateways, scene);
  const items = document.spec.objects("http").flatMap((route): Item<Action>[] => {
    route.text("name");
    const given = route.objects("match");
    const matches =
      given.length > 0
        ? given.filter((one) => isFor(one, gateways)).flatMap(toMatches)
        : [MATCH_ALL];
    const actions = new Map<string, Action>();
    return matches.map((match) => {
      const action = toAction(route, match, document, scene);
      const key = JSON.stringify(action);
      actions.set(key, actions.get(key) ?? action);
      return { match, action: actions.get(key) ?? action };
    });
  });
  const plain = withoutNegations(items, NO_ROUTE, (message) =>
    document.remark("warning", ["spec", "http"], message),
  );
  const isListed = isReordered(plain);
  if (isListed) {
    document.remark(
      "note",
      ["spec", "http"],
      "the rules are tried as listed (annotation heddle.dev/precedence): the Gateway API's precedence would change their order",
    );
  }
  const rules = toRules(plain, name, document, scene);
  writeRoutes(document, scene, { name, parents, rules, isListed });
}

function isFor(match: Fields, { group }: Gateways): boolean {
  const wanted = match.texts("gateways");
  return wanted.length === 0 || group.some((gateway) => wanted.includes(gateway));
}

interface Parents {
  readonly refs: readonly Part[];
  readonly hostnames: readonly string[];
}

/** Where the route hangs: Services its hosts name, Gateways it names, and one for hosts that neither knows. */
function parentsOf(document: IstioDocument, { all, group }: Gateways, scene: Scene): Parents {
  const hosts = document.spec.texts("hosts");
  const refs: Part[] = group
    .filter((gateway) => gateway !== "mesh")
    .map((gateway) => {
      const [namespace, name] = gateway.includes("/")
        ? gateway.split("/")
        : [document.namespace, gateway];
      return { name, namespace };
    });
  const isNamed = all.some((gateway) => gateway !== "mesh");
  if (group.includes("mesh")) {
    const foreign = hosts.filter((host) => serviceOf(host, document.namespace) === null);
    const services = hosts.flatMap((host) => serviceParent(host, document, scene) ?? []);
    refs.push(
      ...services.map(({ name, namespace }) => ({ group: "", kind: "Service", name, namespace })),
    );
    if (foreign.length > 0 && !isNamed) refs.push(hostsGateway(foreign, document, scene));
  }
  const hostnames = hosts.some((host) => host === "*")
    ? []
    : hosts.map((host) => host.toLowerCase());
  return { refs, hostnames: hostnames.filter((host) => isNamed || host.includes(".")) };
}

function serviceParent(host: string, document: IstioDocument, scene: Scene) {
  const known = serviceOf(host, document.namespace);
  if (known !== null || host.includes("*")) return known;
  const ref = namedAfter(host, document.namespace);
  const isThere = scene.made.some(
    ({ kind, metadata }) => kind === "Service" && metadata.name === ref.name,
  );
  if (!isThere) make(scene, document, serviceManifest(ref, { endpoints: [] }));
  document.remark(
    "note",
    ["spec", "hosts"],
    `${host} is no Service's name: a Worker calls it by a binding to ${ref.name}`,
  );
  return ref;
}

function hostsGateway(hosts: readonly string[], document: IstioDocument, scene: Scene): Part {
  const { namespace } = document;
  const isThere = scene.made.some(
    ({ kind, metadata }) =>
      kind === "Gateway" && metadata.name === HOSTS_GATEWAY && metadata.namespace === namespace,
  );
  if (!isThere) {
    const listener = {
      name: "http",
      port: 80,
      protocol: "HTTP",
      allowedRoutes: { namespaces: { from: "All" } },
    };
    make(scene, document, {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "Gateway",
      metadata: { name: HOSTS_GATEWAY, namespace },
      spec: { gatewayClassName: "heddle", listeners: [listener] },
    });
  }
  document.remark(
    "note",
    ["spec", "hosts"],
    `${hosts.join(", ")} is told apart by the Host header, which Gateway ${HOSTS_GATEWAY} does: a Worker's binding names the service it calls`,
  );
  return { name: HOSTS_GATEWAY, namespace };
}

/** Rules in order; matches of one action that follow each other share a rule. */
function toRules(
  items: readonly Item<Action>[],
  base: string,
  document: IstioDocument,
  scene: Scene,
): Part[] {
  const groups: { readonly action: Action; readonly matches: Match[] }[] = [];
  for (const { match, action } of items) {
    const last = groups.at(-1);
    if (last?.action === action && last.matches.length < MAX_MATCHES) last.matches.push(match);
    else groups.push({ action, matches: [match] });
  }
  const filters = new Map<Action, string>();
  return groups.map(({ action, matches }) => {
    if (action.filter && !filters.has(action)) {
      const name = toName(`${base}-${filters.size + 1}`);
      filters.set(action, name);
      make(scene, document, filterManifest(name, document.namespace, action.filter));
    }
    const name = filters.get(action);
    const extension = { group: "heddle.dev", kind: "HTTPFilter", name };
    const own = (action.rule["filters"] as readonly Part[] | undefined) ?? [];
    const all = name ? [...own, { type: "ExtensionRef", extensionRef: extension }] : own;
    return {
      matches: matches.map(toHttpMatch),
      ...action.rule,
      ...(all.length > 0 ? { filters: all } : {}),
    };
  });
}

const filterManifest = (name: string, namespace: string, spec: Part): Manifest => ({
  apiVersion: "heddle.dev/v1",
  kind: "HTTPFilter",
  metadata: { name, namespace },
  spec,
});

const toHttpMatch = ({ path, method, headers, queryParams }: Match): Part => ({
  path,
  ...(method === undefined ? {} : { method }),
  ...(headers.length > 0 ? { headers } : {}),
  ...(queryParams.length > 0 ? { queryParams } : {}),
});

interface Routes {
  readonly name: string;
  readonly parents: Parents;
  readonly rules: readonly Part[];
  readonly isListed: boolean;
}

/** As many HTTPRoutes as the limits ask for, named so that their order is that of the rules. */
function writeRoutes(
  document: IstioDocument,
  scene: Scene,
  { name: base, parents, rules, isListed }: Routes,
): void {
  const routes: Part[][] = [[]];
  let matches = 0;
  for (const rule of rules) {
    const own = (rule["matches"] as readonly unknown[]).length;
    const last = routes.at(-1) ?? [];
    if (last.length > 0 && (last.length === MAX_RULES || matches + own > MAX_ROUTE_MATCHES)) {
      routes.push([rule]);
      matches = own;
    } else {
      last.push(rule);
      matches += own;
    }
  }
  if (rules.length === 0)
    document.remark("warning", ["spec"], "has no http routes: nothing to translate");
  for (const [index, own] of routes.entries()) {
    if (own.length === 0) continue;
    const name = index === 0 ? base : `${base}-${String(index + 1).padStart(3, "0")}`;
    make(scene, document, {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      metadata: {
        name,
        namespace: document.namespace,
        ...(isListed ? { annotations: { "heddle.dev/precedence": "listed" } } : {}),
      },
      spec: {
        parentRefs: parents.refs,
        ...(parents.hostnames.length > 0 ? { hostnames: parents.hostnames } : {}),
        rules: own,
      },
    });
  }
}
