// Owns right manifests and changes of them; of some changes it is known that what comes out is wrong.
const HEDDLE = "heddle.dev/v1";
const GATEWAY = "gateway.networking.k8s.io/v1";

type Value = unknown;
type Container = Record<string, Value> | Value[];

/** One right manifest of every shape that matters. */
export const RIGHT: readonly Record<string, Value>[] = [
  {
    apiVersion: GATEWAY,
    kind: "HTTPRoute",
    metadata: { name: "shop" },
    spec: {
      parentRefs: [{ name: "gw", sectionName: "http" }],
      hostnames: ["shop.example", "*.shop.example"],
      rules: [
        {
          name: "first",
          matches: [
            {
              path: { type: "PathPrefix", value: "/a" },
              method: "GET",
              headers: [{ name: "x-a", value: "1" }],
              queryParams: [{ type: "RegularExpression", name: "q", value: "[a-z]+" }],
            },
          ],
          filters: [
            {
              type: "RequestHeaderModifier",
              requestHeaderModifier: { set: [{ name: "x", value: "y" }], remove: ["z"] },
            },
            {
              type: "URLRewrite",
              urlRewrite: {
                hostname: "b.example",
                path: { type: "ReplacePrefixMatch", replacePrefixMatch: "/b" },
              },
            },
            {
              type: "RequestMirror",
              requestMirror: { backendRef: { name: "m", port: 80 }, percent: 10 },
            },
          ],
          backendRefs: [
            { name: "a", port: 80, weight: 1 },
            { name: "b", namespace: "other", port: 8080 },
          ],
          timeouts: { request: "10s", backendRequest: "2s" },
          retry: { attempts: 2, codes: [500, 503], backoff: "50ms" },
        },
      ],
    },
  },
  {
    apiVersion: GATEWAY,
    kind: "GRPCRoute",
    metadata: { name: "grpc" },
    spec: {
      parentRefs: [{ group: "", kind: "Service", name: "a", port: 80 }],
      rules: [
        {
          matches: [{ method: { service: "pkg.Svc", method: "Do" } }],
          backendRefs: [{ name: "a", port: 80 }],
        },
      ],
    },
  },
  {
    apiVersion: GATEWAY,
    kind: "Gateway",
    metadata: { name: "gw", namespace: "infra" },
    spec: {
      gatewayClassName: "heddle",
      listeners: [
        {
          name: "http",
          port: 80,
          protocol: "HTTP",
          hostname: "*.example",
          allowedRoutes: { namespaces: { from: "All" }, kinds: [{ kind: "HTTPRoute" }] },
        },
      ],
    },
  },
  {
    apiVersion: GATEWAY,
    kind: "ReferenceGrant",
    metadata: { name: "grant" },
    spec: {
      from: [{ group: GATEWAY.split("/")[0], kind: "HTTPRoute", namespace: "a" }],
      to: [{ group: "", kind: "Service", name: "b" }],
    },
  },
  {
    apiVersion: HEDDLE,
    kind: "Service",
    metadata: { name: "a" },
    spec: {
      ports: [{ port: 80, name: "http" }],
      endpoints: [{ worker: "a-v1", weight: 1, entrypoint: "Main" }],
    },
  },
  {
    apiVersion: HEDDLE,
    kind: "HTTPFilter",
    metadata: { name: "f" },
    spec: {
      rewrite: { pattern: "^/a(.*)", substitution: "/b$1" },
      fault: { abort: { status: 503, percent: 10 }, expires: "2999-01-01T00:00:00Z" },
    },
  },
  {
    apiVersion: HEDDLE,
    kind: "Mesh",
    metadata: { name: "m" },
    spec: {
      trustDomain: "m.example",
      workers: ["a", { path: "b", name: "b" }],
      bypass: [{ feature: "retry", service: "default/a" }],
      defaults: { timeouts: { edge: "10s" }, retry: { attempts: 1 } },
    },
  },
];

/** What may stand anywhere and belongs nowhere. */
const JUNK: readonly ((random: () => number) => Value)[] = [
  () => null,
  () => -1,
  () => Number.MAX_SAFE_INTEGER,
  () => "",
  () => "a".repeat(100_000),
  () => "/".repeat(5000),
  () => "(a|a)*".repeat(100),
  () => "\u0000\uD800",
  () => [],
  () => ({}),
  () => nested(500),
  () => Array.from({ length: 5000 }, () => ({ name: "a" })),
  () => JSON.parse('{"__proto__":{"a":1},"constructor":1}') as Value,
];

const nested = (depth: number): Value => {
  let value: Value = 1;
  for (let level = 0; level < depth; level++) value = level % 2 ? [value] : { a: value };
  return value;
};

/** A right manifest with one to three changes; `isWrong` where one of them can make no right one. */
export function mutated(random: () => number): {
  readonly document: Value;
  readonly isWrong: boolean;
} {
  const document = structuredClone(RIGHT[Math.floor(random() * RIGHT.length)]) ?? {};
  if (random() < 0.5) return { document, isWrong: breakOnce(document, random) };
  for (let change = 0; change < 1 + random() * 3; change++) scramble(document, random);
  return { document, isWrong: false };
}

/** Adds a field that no schema has, or turns a value into one of another kind. */
function breakOnce(document: Record<string, Value>, random: () => number): boolean {
  const [container, key] = place(document, random);
  if (random() < 0.5 && !Array.isArray(container)) {
    container[`zz${Math.floor(random() * 1000)}`] = 1;
    return true;
  }
  const value = get(container, key);
  set(container, key, typeof value === "object" ? 7 : [{ unexpected: true }]);
  return true;
}

function scramble(document: Record<string, Value>, random: () => number): void {
  const [container, key] = place(document, random);
  const choice = random();
  if (choice < 0.2 && !Array.isArray(container)) delete container[String(key)];
  else if (choice < 0.3 && !Array.isArray(container)) {
    container[String(key).toUpperCase()] = get(container, key);
    delete container[String(key)];
  } else if (choice < 0.4 && Array.isArray(container))
    container.push(structuredClone(container[0]));
  else set(container, key, JUNK[Math.floor(random() * JUNK.length)]?.(random));
}

/** A container in the document and one of its keys. */
function place(
  document: Record<string, Value>,
  random: () => number,
): [Container, string | number] {
  let container: Container = document;
  for (;;) {
    const keys: (string | number)[] = Array.isArray(container)
      ? [...container.keys()]
      : Object.keys(container);
    const key = keys[Math.floor(random() * keys.length)] ?? "x";
    const value = get(container, key);
    const isContainer =
      typeof value === "object" && value !== null && Object.keys(value).length > 0;
    if (!isContainer || random() < 0.2) return [container, key];
    container = value as Container;
  }
}

const get = (container: Container, key: string | number): Value =>
  (container as Record<string | number, Value>)[key];
const set = (container: Container, key: string | number, value: Value): void =>
  void ((container as Record<string | number, Value>)[key] = value);
