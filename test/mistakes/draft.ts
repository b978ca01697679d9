// Owns drawing a right mesh: Workers, a Gateway, routes of both kinds, subsets, filters, grants. Nothing in it is wrong.
export interface Doc {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
  spec: Record<string, unknown>;
}

export interface DraftWorker {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** By binding. */
  readonly services: Record<string, string>;
}

/** A mesh that can still be changed. */
export interface Draft {
  readonly mesh: Doc;
  readonly workers: DraftWorker[];
  /** By file name below the project. */
  readonly files: Record<string, Doc[]>;
}

export type Random = () => number;

/** One of a list. */
export const pick = <T>(random: Random, list: readonly T[]): T =>
  list[Math.floor(random() * list.length)] as T;

const NAMES = ["cart", "catalog", "payments", "search", "email", "stock", "pricing"];
const HEDDLE = "heddle.dev/v1";
const GATEWAY = "gateway.networking.k8s.io/v1";

/** Draws a right mesh. */
export function drawMesh(random: Random): Draft {
  const names = NAMES.toSorted(() => random() - 0.5).slice(0, 2 + Math.floor(random() * 4));
  const versions = ["v1", "v2", "v3"].slice(0, 2 + Math.floor(random() * 2));
  const called = ["reviews", ...names];
  const front: DraftWorker = {
    name: "front",
    namespace: "default",
    labels: {},
    services: Object.fromEntries(called.map((name) => [name.toUpperCase(), name])),
  };
  const others = names.map((name) => ({ name, namespace: "default", labels: {}, services: {} }));
  const reviews = versions.map((version) => ({
    name: `reviews-${version}`,
    namespace: "default",
    labels: { version },
    services: {},
  }));
  const audit: DraftWorker = { name: "audit", namespace: "infra", labels: {}, services: {} };
  return {
    mesh: {
      apiVersion: HEDDLE,
      kind: "Mesh",
      metadata: { name: "drawn" },
      spec: {
        trustDomain: "drawn.example",
        bypass: [{ feature: "mirror", service: "default/reviews" }],
      },
    },
    workers: [front, ...others, ...reviews, audit],
    files: {
      "mesh/gateway.yaml": [gateway(), ...grants()],
      "mesh/services.yaml": services(versions),
      "mesh/north.yaml": northRoutes(random, names),
      "mesh/east.yaml": [eastRoute(random, versions), ...rpcRoutes(names)],
      "mesh/filters.yaml": [filter()],
      "mesh/policies.yaml": policies(random, names),
    },
  };
}

const gateway = (): Doc => ({
  apiVersion: GATEWAY,
  kind: "Gateway",
  metadata: { name: "edge" },
  spec: {
    gatewayClassName: "heddle",
    listeners: [
      { name: "http", port: 80, protocol: "HTTP" },
      { name: "internal", port: 8080, protocol: "HTTP", hostname: "*.corp.example" },
    ],
  },
});

const grants = (): Doc[] => [
  {
    apiVersion: GATEWAY,
    kind: "ReferenceGrant",
    metadata: { name: "routes", namespace: "infra" },
    spec: {
      from: [{ group: "gateway.networking.k8s.io", kind: "HTTPRoute", namespace: "default" }],
      to: [{ group: "", kind: "Service", name: "audit" }],
    },
  },
];

const services = (versions: readonly string[]): Doc[] => [
  {
    apiVersion: HEDDLE,
    kind: "Service",
    metadata: { name: "reviews" },
    spec: {
      ports: [{ port: 80 }],
      endpoints: versions.map((version) => ({ worker: `reviews-${version}`, labels: { version } })),
    },
  },
  ...versions.map((version) => ({
    apiVersion: HEDDLE,
    kind: "Service",
    metadata: { name: `stars-${version}` },
    spec: { subset: { service: "reviews", labels: { version } } },
  })),
];

function northRoutes(random: Random, names: readonly string[]): Doc[] {
  const open = names.map((name) => ({
    name,
    matches: [{ path: { type: "PathPrefix", value: `/${name}` }, method: "GET" }],
    backendRefs: [{ name, port: 80 }],
    timeouts: { request: `${5 + Math.floor(random() * 5)}s`, backendRequest: "1s" },
    retry: { attempts: 1 + Math.floor(random() * 3), codes: [503] },
  }));
  const down = {
    type: "ExtensionRef",
    extensionRef: { group: "heddle.dev", kind: "HTTPFilter", name: "closed" },
  };
  return [
    {
      apiVersion: GATEWAY,
      kind: "HTTPRoute",
      metadata: { name: "shop" },
      spec: {
        parentRefs: [{ name: "edge", sectionName: "http" }],
        hostnames: ["shop.example"],
        rules: [
          ...open,
          {
            matches: [{ path: { type: "Exact", value: "/audit" } }],
            backendRefs: [{ name: "audit", namespace: "infra", port: 80 }],
          },
          { matches: [{ path: { type: "Exact", value: "/closed" } }], filters: [down] },
          { backendRefs: [{ name: "front", port: 80 }] },
        ],
      },
    },
    {
      apiVersion: GATEWAY,
      kind: "HTTPRoute",
      metadata: { name: "corp" },
      spec: {
        parentRefs: [{ name: "edge", sectionName: "internal" }],
        hostnames: ["shop.corp.example"],
        rules: [{ backendRefs: [{ name: "front", port: 80, weight: 1 }] }],
      },
    },
  ];
}

const eastRoute = (random: Random, versions: readonly string[]): Doc => ({
  apiVersion: GATEWAY,
  kind: "HTTPRoute",
  metadata: { name: "reviews" },
  spec: {
    parentRefs: [{ group: "", kind: "Service", name: "reviews" }],
    rules: [
      {
        matches: [{ headers: [{ name: "end-user", value: pick(random, ["jason", "ann"]) }] }],
        backendRefs: [{ name: "stars-v2", port: 80 }],
      },
      {
        backendRefs: versions.map((version) => ({
          name: `stars-${version}`,
          port: 80,
          weight: 1 + Math.floor(random() * 99),
        })),
      },
    ],
  },
});

const rpcRoutes = (names: readonly string[]): Doc[] => [
  {
    apiVersion: HEDDLE,
    kind: "RPCRoute",
    metadata: { name: "ledger" },
    spec: {
      parentRefs: [{ name: names[0] }],
      rules: [
        {
          matches: [{ entrypoint: "Ledger", method: ["charge", "refund"] }],
          backendRefs: [{ name: names[0] }],
          timeouts: { request: "2s" },
        },
      ],
    },
  },
];

const policies = (random: Random, names: readonly string[]): Doc[] => [
  {
    apiVersion: HEDDLE,
    kind: "TrafficPolicy",
    metadata: { name: "protected" },
    spec: {
      targetRefs: [{ name: "reviews" }, { kind: "HTTPRoute", name: "shop" }],
      breaker: { failureRatio: pick(random, [0.2, 0.5]), consecutive: pick(random, [0, 5]) },
    },
  },
  {
    apiVersion: HEDDLE,
    kind: "AuthorizationPolicy",
    metadata: { name: "front-only" },
    spec: {
      targetRefs: [{ name: names[0] }],
      rules: [
        {
          from: [{ principals: ["default/front", "other.example/ns/a/sa/b"] }],
          to: [{ methods: ["GET", "POST"], notMethods: ["POST"] }],
        },
      ],
    },
  },
];

const filter = (): Doc => ({
  apiVersion: HEDDLE,
  kind: "HTTPFilter",
  metadata: { name: "closed" },
  spec: {
    directResponse: { status: 503, body: "closed" },
    fault: { delay: { duration: "10ms", percent: 1 }, expires: "2999-01-01T00:00:00Z" },
  },
});
