// Owns the status rows of a case file: what `heddle get` says of routes and Gateways against what a row expects.
import type { CaseFile, StatusRow } from "./case-file.ts";
import { differs } from "./compare.ts";

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly observedGeneration?: number;
}

/** A resource as control gives it back; only what rows look at. */
export interface Observed {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly generation?: number;
  };
  readonly status?: {
    readonly parents?: readonly {
      readonly parentRef: { readonly name: string; readonly namespace?: string };
      readonly conditions?: readonly Condition[];
    }[];
    readonly listeners?: readonly { readonly name: string; readonly attachedRoutes?: number }[];
    readonly addresses?: readonly { readonly value?: string; readonly listenerPort?: number }[];
    readonly conditions?: readonly Condition[];
  };
}

/** What was read of the mesh at one moment. */
export interface Observation {
  readonly routes: readonly Observed[];
  readonly gateways: readonly Observed[];
  /** `ns/name` of a route to the highest generation observed before the last operation. */
  readonly before: ReadonlyMap<string, number>;
}

/** The differences between a row and what was observed; empty when the row holds. */
export function compareRow(row: StatusRow, observed: Observation): readonly string[] {
  if (row.gateway !== undefined) return compareAttached(row, find(observed.gateways, row.gateway));
  const route = find(observed.routes, row.route ?? "");
  if (route === undefined) return [differs("route", row.route, "no such route")];
  if (row.no_accepted_parents === true) return compareNoneAccepted(route);
  const found = row.observed_generation === undefined ? [] : compareObserved(row, route, observed);
  return row.type === undefined ? found : [...found, ...compareCondition(row, row.type, route)];
}

/** A row as a title. */
export function titleOf(row: StatusRow): string {
  if (row.gateway !== undefined)
    return `${row.gateway} ${row.listener ?? ""} attachedRoutes ${row.attached_routes}`;
  if (row.no_accepted_parents === true) return `${row.route} no accepted parents`;
  const condition = row.type === undefined ? "" : `${row.type}=${row.status} ${row.reason ?? ""}`;
  return `${row.route} ${row.parent ?? ""} ${condition}${row.observed_generation ?? ""}`.trim();
}

/** Highest observedGeneration of each route of a file. */
export function generations(file: CaseFile, routes: readonly Observed[]): Map<string, number> {
  const own = new Set(file.resources.map((one) => `${one.namespace}/${one.name}`));
  return new Map(
    routes
      .filter((route) => own.has(nameOf(route)))
      .map((route) => [nameOf(route), Math.max(0, ...conditionsOf(route).map(generationOf))]),
  );
}

const nameOf = (one: Observed): string =>
  `${one.metadata.namespace ?? "default"}/${one.metadata.name}`;

const find = (list: readonly Observed[], name: string): Observed | undefined =>
  list.find((one) => nameOf(one) === name);

const generationOf = (condition: Condition): number => condition.observedGeneration ?? 0;

function conditionsOf(route: Observed): readonly Condition[] {
  const parents = (route.status?.parents ?? []).flatMap((parent) => parent.conditions ?? []);
  return [...parents, ...(route.status?.conditions ?? [])];
}

/** A route may name one parent several times, by section: then the row holds for each of them. */
function compareCondition(row: StatusRow, type: string, route: Observed): string[] {
  const namespace = route.metadata.namespace ?? "default";
  const parents = (route.status?.parents ?? []).filter(
    ({ parentRef }) =>
      row.parent === undefined ||
      `${parentRef.namespace ?? namespace}/${parentRef.name}` === row.parent,
  );
  if (parents.length === 0) return [differs(`${type} of parent`, row.parent, "no such parent")];
  return parents.flatMap((parent) => {
    const got = parent.conditions?.find((condition) => condition.type === type);
    const isEqual =
      got?.status === row.status && (row.reason === undefined || got?.reason === row.reason);
    return isEqual ? [] : [differs(type, said(row), got === undefined ? "none" : said(got))];
  });
}

const said = (one: { status?: string; reason?: string }): string =>
  one.reason === undefined ? `${one.status}` : `${one.status} ${one.reason}`;

function compareNoneAccepted(route: Observed): string[] {
  const accepted = (route.status?.parents ?? []).filter((parent) =>
    parent.conditions?.some((one) => one.type === "Accepted" && one.status === "True"),
  );
  return accepted.length === 0 ? [] : [differs("accepted parents", 0, accepted.length)];
}

function compareAttached(row: StatusRow, gateway: Observed | undefined): string[] {
  const listeners = (gateway?.status?.listeners ?? []).filter(
    (listener) => row.listener === undefined || listener.name === row.listener,
  );
  if (listeners.length === 0) return [differs("listener", row.listener ?? "one", "none in status")];
  return listeners
    .filter((listener) => listener.attachedRoutes !== row.attached_routes)
    .map((listener) =>
      differs(`attachedRoutes of ${listener.name}`, row.attached_routes, listener.attachedRoutes),
    );
}

function compareObserved(row: StatusRow, route: Observed, observed: Observation): string[] {
  const latest = route.metadata.generation ?? 0;
  const got = conditionsOf(route).map(generationOf);
  if (got.length === 0) return [differs("observedGeneration", latest, "no condition")];
  const stale = got.filter((generation) => generation !== latest);
  if (stale.length > 0) return [differs("observedGeneration", latest, stale)];
  const before = observed.before.get(nameOf(route)) ?? 0;
  if (row.observed_generation === "increased" && latest <= before)
    return [differs("observedGeneration", `more than ${before}`, latest)];
  return [];
}
