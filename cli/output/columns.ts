// Owns which columns a table of resources has, by kind.
import type { StoredResource } from "../../mesh/contract/state.ts";

interface Column {
  readonly head: string;
  readonly cell: (resource: StoredResource) => string;
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
}

/** Rows with a head for resources of one kind; `now` in ms since the epoch. */
export function toRows(
  resources: readonly StoredResource[],
  kind: string,
  isAllNamespaces: boolean,
  now: number,
): readonly (readonly string[])[] {
  const columns: Column[] = [
    ...(isAllNamespaces
      ? [{ head: "NAMESPACE", cell: ({ metadata }: StoredResource) => metadata.namespace }]
      : []),
    { head: "NAME", cell: ({ metadata }) => metadata.name },
    ...(BY_KIND[kind] ?? []),
    { head: "STATUS", cell: statusOf },
    { head: "AGE", cell: ({ metadata }) => ageOf(metadata.creationTimestamp, now) },
  ];
  return [
    columns.map(({ head }) => head),
    ...resources.map((resource) => columns.map(({ cell }) => cell(resource) || "-")),
  ];
}

const ROUTE: readonly Column[] = [
  { head: "HOSTS", cell: ({ spec }) => wordsOf(spec["hostnames"]).join(",") || "*" },
  {
    head: "PARENTS",
    cell: ({ spec }) =>
      listOf(spec["parentRefs"])
        .map((it) => `${textOf(it["kind"] ?? "Gateway")}/${textOf(it["name"])}`)
        .join(","),
  },
];

const LISTENERS: Column = {
  head: "LISTENERS",
  cell: ({ spec }) =>
    listOf(spec["listeners"])
      .map((it) => `${textOf(it["name"])}:${textOf(it["port"])}`)
      .join(","),
};

const BY_KIND: Readonly<Record<string, readonly Column[]>> = {
  Mesh: [{ head: "TRUST DOMAIN", cell: ({ spec }) => textOf(spec["trustDomain"]) }],
  Service: [
    {
      head: "ENDPOINTS",
      cell: ({ spec }) =>
        listOf(spec["endpoints"])
          .map((it) => textOf(it["name"] ?? it["worker"] ?? it["url"]))
          .join(","),
    },
    {
      head: "PORTS",
      cell: ({ spec }) =>
        listOf(spec["ports"])
          .map((it) => textOf(it["port"]))
          .join(",") || "any",
    },
  ],
  Gateway: [
    LISTENERS,
    {
      head: "ADDRESSES",
      cell: ({ status }) =>
        listOf(status?.["addresses"])
          .map((it) => textOf(it["value"]))
          .join(","),
    },
  ],
  ListenerSet: [
    { head: "PARENT", cell: ({ spec }) => textOf((spec["parentRef"] as { name?: unknown }).name) },
    LISTENERS,
  ],
  HTTPRoute: ROUTE,
  GRPCRoute: ROUTE,
  ReferenceGrant: [
    {
      head: "FROM",
      cell: ({ spec }) =>
        listOf(spec["from"])
          .map((it) => `${textOf(it["kind"])}.${textOf(it["namespace"])}`)
          .join(","),
    },
    {
      head: "TO",
      cell: ({ spec }) =>
        listOf(spec["to"])
          .map((it) => [it["kind"], it["name"]].filter(Boolean).map(textOf).join("/"))
          .join(","),
    },
  ],
};

/** The first condition that does not hold, as `Type: Reason`; `ok` when all hold. */
function statusOf({ status }: StoredResource): string {
  const parents = listOf(status?.["parents"]).flatMap((parent) => listOf(parent["conditions"]));
  const conditions = [...listOf(status?.["conditions"]), ...parents] as unknown as Condition[];
  if (conditions.length === 0) return "-";
  const bad = conditions.find(({ type, status: is }) => (is === "True") === NEGATIVE.has(type));
  return bad ? `${bad.type}: ${bad.reason ?? bad.status}` : "ok";
}

/** Conditions that say something is wrong when they are True. */
const NEGATIVE = new Set([
  "Conflicted",
  "PartiallyInvalid",
  "PartiallyProgrammed",
  "OverlappingTLSConfig",
]);

/** `42s`, `5m`, `3h`, `12d`. */
export function ageOf(timestamp: string, now: number): string {
  const seconds = Math.max(0, Math.floor((now - Date.parse(timestamp)) / 1000));
  if (Number.isNaN(seconds)) return "-";
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

const listOf = (value: unknown): readonly Readonly<Record<string, unknown>>[] =>
  Array.isArray(value) ? (value as readonly Readonly<Record<string, unknown>>[]) : [];

const wordsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.map(textOf) : [];

function textOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
