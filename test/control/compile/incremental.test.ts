// A compilation that takes over what the one before made says the same, byte for byte, as one from nothing.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Compiled, compile } from "../../../control/compile/compile.ts";
import type { StoredResource } from "../../../mesh/contract/state.ts";
import { toStored } from "../../golden/stored.ts";
import { holds } from "../../mesh/property.ts";

const GATEWAY_API = "gateway.networking.k8s.io/v1";
const HEDDLE_API = "heddle.dev/v1";

/** One resource in one of its forms, or none of it. */
interface Edit {
  readonly kind: keyof typeof FORMS;
  readonly name: string;
  readonly form: number;
  /** It is stored with the statuses of the compilation before; else it is a trial that nobody stores. */
  readonly isStored: boolean;
}

const backend = (name: string, weight = 1) => ({ name, port: 80, weight });
const parents = (form: number) => [
  { name: "gw", ...(form === 3 ? { sectionName: "other" } : {}) },
  ...(form === 2 ? [{ group: "", kind: "Service", name: "a" }] : []),
];

/** Specs by kind and form; form 0 is none. */
const FORMS = {
  HTTPRoute: (form: number, name: string) => ({
    parentRefs: parents(form),
    ...(form === 1 ? { hostnames: [`${name}.example`] } : {}),
    rules: [
      {
        matches: [{ path: { type: "PathPrefix", value: `/p${form}` } }],
        backendRefs: [backend("a", form), backend("b")],
        ...(form === 3 ? { retry: { attempts: 2 } } : {}),
      },
    ],
  }),
  GRPCRoute: (form: number) => ({
    parentRefs: parents(form),
    rules: [
      {
        matches: [{ method: { service: "s", ...(form === 1 ? { method: "m" } : {}) } }],
        backendRefs: [backend(form === 3 ? "missing" : "a")],
      },
    ],
  }),
  RPCRoute: (form: number) => ({
    parentRefs: [{ group: "", kind: "Service", name: "a" }],
    rules: [{ matches: [{ method: `m${form}` }], backendRefs: [backend("b", form)] }],
  }),
  Service: (form: number, name: string) => ({
    endpoints: [{ url: `https://${name}${form}.example` }],
    ...(form === 3 ? { ports: [{ port: 81 }] } : {}),
  }),
  Gateway: (form: number) => ({
    gatewayClassName: "heddle",
    listeners: [
      { name: "http", port: 80, protocol: "HTTP" },
      ...(form === 1 ? [] : [{ name: "other", port: 80 + form, protocol: "HTTP" }]),
    ],
  }),
  TrafficPolicy: (form: number) => ({
    targetRefs: [{ kind: form === 2 ? "HTTPRoute" : "Service", name: form === 2 ? "x" : "a" }],
    ...(form === 1 ? { bulkhead: { maxInFlight: 5 } } : { timeouts: { request: `${form}s` } }),
  }),
};

const NAMES: Readonly<Record<keyof typeof FORMS, readonly string[]>> = {
  HTTPRoute: ["x", "y", "z"],
  GRPCRoute: ["x", "g"],
  RPCRoute: ["r"],
  Service: ["a", "b"],
  Gateway: ["gw"],
  TrafficPolicy: ["t"],
};

const edit: fc.Arbitrary<Edit> = fc
  .constantFrom(...(Object.keys(FORMS) as (keyof typeof FORMS)[]), "HTTPRoute" as const)
  .chain((kind) =>
    fc.record({
      kind: fc.constant(kind),
      name: fc.constantFrom(...NAMES[kind]),
      form: fc.integer({ min: 0, max: 3 }),
      isStored: fc.boolean(),
    }),
  );

function documentOf({ kind, name, form }: Edit, version: number): StoredResource {
  const isOurs = ["RPCRoute", "Service", "TrafficPolicy"].includes(kind);
  const stored = toStored({
    apiVersion: isOurs ? HEDDLE_API : GATEWAY_API,
    kind,
    metadata: { name, generation: version },
    spec: FORMS[kind](form, name),
  });
  const { metadata } = stored;
  return {
    ...stored,
    metadata: { ...metadata, uid: `${kind} ${name}`, resourceVersion: String(version) },
  };
}

/** What is compared: everything but what is handed to the next compilation. */
const said = ({ directory, chunks, statuses, breakers }: Compiled): string =>
  JSON.stringify([
    directory,
    chunks.map((bytes) => Buffer.from(bytes).toString()),
    statuses,
    breakers,
  ]);

describe("a compilation after another", () => {
  it("says what one from nothing says, over any changes", () => {
    holds(
      fc.property(fc.array(edit, { minLength: 3, maxLength: 12 }), (edits) => {
        let stored = new Map<string, StoredResource>();
        let last: Compiled | undefined;
        edits.forEach((one, at) => {
          const next = new Map(stored);
          const key = `${one.kind} ${one.name}`;
          if (one.form === 0) next.delete(key);
          else
            next.set(key, one.isStored ? documentOf(one, at + 1) : unstored(documentOf(one, at)));
          // As from the store: objects of their own at each turn.
          const resources = structuredClone([...next.values()]);
          const input = { resources, version: at + 1, previous: at, nowMs: 1000 * at };
          const incremental = compile(input, last);
          expect(said(incremental)).toBe(said(compile(input)));
          last = incremental;
          if (one.isStored) stored = withStatuses(next, incremental);
        });
      }),
      0.03,
    );
  });

  it("keeps the bytes and the hash of every part that no change touches", () => {
    const before = compile({ resources: large(null), version: 1, previous: 0, nowMs: 0 });
    const input = { resources: large(7), version: 2, previous: 1, nowMs: 0 };
    const after = compile(input, before);
    const ids = Object.keys(after.directory.chunks);
    const changed = ids.filter((_, at) => after.chunks[at] !== before.chunks[at]);
    expect(ids.length).toBeGreaterThan(20);
    expect(changed).toHaveLength(1);
    expect(changed[0]).toContain("#");
    expect(said(after)).toBe(said(compile(input)));
  });
});

const unstored = (one: StoredResource): StoredResource => ({
  ...one,
  metadata: { ...one.metadata, resourceVersion: "" },
});

function withStatuses(
  resources: ReadonlyMap<string, StoredResource>,
  { statuses }: Compiled,
): Map<string, StoredResource> {
  const byKey = new Map(statuses.map((one) => [`${one.kind} ${one.name}`, one.status]));
  return new Map(
    [...resources].map(([key, one]) => {
      const status = byKey.get(key);
      return [key, status ? { ...one, status } : one];
    }),
  );
}

/** Routes of 3,000 rules for one host, each below a first segment of its own; one of them with a timeout. */
const large = (slow: number | null): StoredResource[] => [
  documentOf({ kind: "Gateway", name: "gw", form: 1, isStored: true }, 1),
  documentOf({ kind: "Service", name: "a", form: 1, isStored: true }, 1),
  ...Array.from({ length: 300 }, (_, route) => {
    const stored = toStored({
      apiVersion: GATEWAY_API,
      kind: "HTTPRoute",
      metadata: { name: `r${route}` },
      spec: {
        parentRefs: [{ name: "gw" }],
        rules: Array.from({ length: 10 }, (__, rule) => ({
          matches: [{ path: { type: "PathPrefix", value: `/s${route}-${rule}/x` } }],
          backendRefs: [backend("a")],
          ...(route === slow && rule === 3 ? { timeouts: { request: "3s" } } : {}),
        })),
      },
    });
    const resourceVersion = route === slow ? "changed" : "1";
    return { ...stored, metadata: { ...stored.metadata, uid: `u${route}`, resourceVersion } };
  }),
];
