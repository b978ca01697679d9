// What operators are told of their mistakes, and what is filled in for them.
import { describe, expect, it } from "vitest";
import { durationSchema, toMilliseconds } from "../../../../mesh/contract/resources/duration.ts";
import { KINDS, findKind } from "../../../../mesh/contract/resources/kinds.ts";
import { nearest } from "../../../../mesh/contract/resources/nearest.ts";
import { parseResource } from "../../../../mesh/contract/resources/parse.ts";
import { toWorkload } from "../../../../mesh/contract/resources/service.ts";

const service = (spec: object, metadata: object = { name: "a" }) =>
  parseResource({ apiVersion: "heddle.dev/v1", kind: "Service", metadata, spec });
const mesh = (spec: object) =>
  parseResource({ apiVersion: "heddle.dev/v1", kind: "Mesh", metadata: { name: "m" }, spec });
const errorsOf = (parsed: ReturnType<typeof parseResource>) => (parsed.ok ? [] : parsed.errors);

describe("errors", () => {
  it.each([
    ["a mistyped field", service({ endpoits: [] }), "spec.endpoits", "list", 'mean "endpoints"'],
    [
      "a mistyped field in a list",
      service({ endpoints: [{ worker: "a", wieght: 1 }] }),
      "spec.endpoints[0].wieght",
      "number",
      'mean "weight"',
    ],
    [
      "a field of another place",
      service({ port: 80, labels: {} }),
      "spec.labels",
      "object",
      "known here: ports",
    ],
    ["a missing value", service({ ports: [{}] }), "spec.ports[0].port", "missing", "Add it"],
    [
      "a value of another kind",
      service({ ports: [{ port: "80" }] }),
      "spec.ports[0].port",
      "string",
      "Write a number",
    ],
    ["a value of no choice", service({ balance: "p3c" }), "spec.balance", "string", 'mean "p2c"'],
    [
      "a value too large",
      service({ ports: [{ port: 70_000 }] }),
      "spec.ports[0].port",
      "number",
      "The most is 65535",
    ],
    [
      "a name with a dot",
      service({}, { name: "a.b" }),
      "metadata.name",
      "string",
      "lower-case letters",
    ],
    [
      "a bad label",
      service({}, { name: "a", labels: { "a b": "x" } }),
      'metadata.labels["a b"]',
      "string",
      "Write",
    ],
    [
      "an endpoint that leads nowhere",
      service({ endpoints: [{}] }),
      "spec.endpoints[0]",
      "object",
      "Name a Worker",
    ],
    [
      "an endpoint given twice",
      service({ endpoints: [{ worker: "a" }, { worker: "a" }] }),
      "spec.endpoints[1]",
      "object",
      "Remove it",
    ],
    [
      "a Worker that is half one",
      mesh({ workers: ["a", { name: "b" }] }),
      "spec.workers[1].path",
      "missing",
      "Add it",
    ],
    [
      "a kill switch that is none",
      mesh({ bypass: [{ feature: "authorize" }] }),
      "spec.bypass[0].feature",
      "string",
      "Write one of",
    ],
    [
      "a namespace's labels in the wrong place",
      mesh({ namespaces: { infra: { lables: {} } } }),
      "spec.namespaces.infra.lables",
      "object",
      'mean "labels"',
    ],
    [
      "no duration",
      mesh({ defaults: { timeouts: { edge: "15" } } }),
      "spec.defaults.timeouts.edge",
      "string",
      "1m30s",
    ],
  ])("%s", (_name, parsed, path, kind, mend) => {
    const error = errorsOf(parsed).find((candidate) => candidate.path === path);
    expect(error, JSON.stringify(parsed)).toMatchObject({ kind });
    expect(error?.mend).toContain(mend);
    expect(error?.message.startsWith(path)).toBe(true);
  });

  it("all errors are told at once", () => {
    expect(errorsOf(service({ a: 1, b: 2, ports: [{}] }))).toHaveLength(3);
  });
});

describe("defaults", () => {
  it("a Service as it is written", () => {
    const parsed = service({ endpoints: [{ worker: "a" }] });
    expect(parsed).toMatchObject({
      ok: true,
      resource: { namespace: "default", spec: { endpoints: [{ worker: "a", weight: 1 }] } },
    });
  });

  it("an HTTPRoute that says little", () => {
    const parsed = parseResource({
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      metadata: { name: "r", namespace: "x" },
      spec: {
        parentRefs: [{ name: "g" }],
        rules: [{ matches: [{}], backendRefs: [{ name: "b", port: 80 }] }],
      },
    });
    expect(parsed.ok && parsed.resource.spec).toEqual({
      parentRefs: [{ group: "gateway.networking.k8s.io", kind: "Gateway", name: "g" }],
      rules: [
        {
          matches: [{ path: { type: "PathPrefix", value: "/" } }],
          backendRefs: [{ group: "", kind: "Service", name: "b", port: 80, weight: 1 }],
        },
      ],
    });
  });

  it("what was read back is accepted as it is", () => {
    const metadata = {
      name: "a",
      namespace: "default",
      generation: 3,
      resourceVersion: "7",
      uid: "u",
      creationTimestamp: "2026-01-01T00:00:00.000Z",
    };
    const document = {
      apiVersion: "heddle.dev/v1",
      kind: "Service",
      metadata,
      spec: {},
      status: { conditions: [] },
    };
    expect(parseResource(document)).toMatchObject({ ok: true, resource: { resourceVersion: "7" } });
  });
});

describe("what the Gateway API lets stand empty", () => {
  const parsed = (kind: string, spec: object): readonly string[] => {
    const apiVersion = "gateway.networking.k8s.io/v1";
    return errorsOf(parseResource({ apiVersion, kind, metadata: { name: "a" }, spec })).map(
      ({ path }) => path,
    );
  };
  const methodOf = (method: object) => ({ rules: [{ matches: [{ method }] }] });
  const listeners = [{ name: "http", port: 80, protocol: "HTTP" }];
  const addressOf = (type: string) => ({ listeners, addresses: [{ type, value: "" }] });
  const RE = "RegularExpression";

  it.each([
    ["a service in a pattern", "GRPCRoute", methodOf({ type: RE, service: "", method: "a" }), null],
    ["both in a pattern", "GRPCRoute", methodOf({ type: RE, service: "" }), "method"],
    [
      "a service to the letter",
      "GRPCRoute",
      methodOf({ service: "", method: "a" }),
      "method.service",
    ],
    ["a hostname", "Gateway", addressOf("Hostname"), "addresses[0].value"],
    ["an IP address", "Gateway", addressOf("IPAddress"), "addresses[0].value"],
  ])("%s", (_name, kind, spec, wrong) => {
    const at = kind === "Gateway" ? "spec" : "spec.rules[0].matches[0]";
    expect(parsed(kind, spec)).toEqual(wrong === null ? [] : [`${at}.${wrong}`]);
  });
});

it("kinds are found by any of their names in any case", () => {
  for (const { kind, plural, shortNames } of KINDS) {
    for (const name of [kind, plural, plural.toUpperCase(), ...shortNames]) {
      expect(findKind(name)?.kind, name).toBe(kind);
    }
  }
  expect(findKind("pods")).toBeNull();
});

it.each([
  ["1h", 3_600_000],
  ["1m30s", 90_000],
  ["50ms", 50],
  ["0s", 0],
  ["1h1m1s1ms", 3_661_001],
])("%s is %i ms", (text, ms) => {
  expect(toMilliseconds(durationSchema.parse(text))).toBe(ms);
});

it.each([
  ["cart", "shop/cart"],
  ["cart.other", "other/cart"],
  ["other/cart", "other/cart"],
])("the Worker %s seen from shop is %s", (worker, workload) => {
  expect(toWorkload(worker, "shop")).toBe(workload);
});

it.each([
  ["backendRef", ["backendRefs", "matches"], "backendRefs"],
  ["macthes", ["backendRefs", "matches"], "matches"],
  ["BACKENDREFS", ["backendRefs"], "backendRefs"],
  ["xyz", ["backendRefs", "matches"], null],
])("%s is nearest to one of %j", (word, known, expected) => {
  expect(nearest(word, known)).toBe(expected);
});
