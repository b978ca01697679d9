import { expect, test } from "vitest";
import type { SourcedDocument } from "../../../cli/project/resources.ts";
import { endpointsBehind, readSteering } from "../../../cli/weave/steering.ts";

const document = (
  kind: string,
  name: string,
  spec: unknown,
  namespace?: string,
): SourcedDocument => ({
  apiVersion: "v1",
  kind,
  name,
  namespace,
  value: { spec },
  file: "a.yaml",
  line: 1,
  where: () => "a.yaml:1:1",
});

const service = { group: "", kind: "Service", name: "reviews" };

test("calls to a service may be steered to its endpoints and to those of its routes' backends", () => {
  const steering = readSteering([
    document("Service", "reviews", {
      endpoints: [{ worker: "reviews-v1" }, { worker: "old.infra", entrypoint: "Api" }],
    }),
    document("HTTPRoute", "canary", {
      parentRefs: [service],
      rules: [
        {
          backendRefs: [
            { name: "reviews-v2", port: 80 },
            { name: "far", namespace: "infra", port: 80 },
          ],
          filters: [{ type: "RequestMirror", requestMirror: { backendRef: { name: "shadow" } } }],
        },
      ],
    }),
  ]);
  expect(endpointsBehind("default/reviews", steering)).toEqual([
    { workload: "default/reviews-v1", entrypoint: undefined },
    { workload: "infra/old", entrypoint: "Api" },
    { workload: "default/reviews-v2", entrypoint: undefined },
    { workload: "infra/far", entrypoint: undefined },
    { workload: "default/shadow", entrypoint: undefined },
  ]);
  expect([...steering.services]).toEqual(["default/reviews"]);
});

test("a service no resource names is the Worker of its name", () => {
  const steering = readSteering([]);
  expect(endpointsBehind("default/cart", steering)).toEqual([
    { workload: "default/cart", entrypoint: undefined },
  ]);
});

test("a Service without endpoints is the Worker of its name; one with an empty list has none", () => {
  const steering = readSteering([
    document("Service", "cart", { ports: [{ port: 80 }] }),
    document("Service", "gone", { endpoints: [] }),
  ]);
  expect(endpointsBehind("default/cart", steering)).toHaveLength(1);
  expect(endpointsBehind("default/gone", steering)).toHaveLength(0);
});

test("a consumer route of another namespace counts for the service it names", () => {
  const steering = readSteering([
    document(
      "HTTPRoute",
      "mine",
      {
        parentRefs: [
          { ...service, namespace: "default" },
          { kind: "Gateway", name: "gw" },
        ],
        rules: [{ backendRefs: [{ name: "own", port: 80 }] }],
      },
      "other",
    ),
  ]);
  expect(endpointsBehind("default/reviews", steering).map(({ workload }) => workload)).toEqual([
    "default/reviews",
    "other/own",
  ]);
});

test("unsound documents name nothing and throw nothing", () => {
  const specs = [
    null,
    3,
    { endpoints: "x" },
    { endpoints: [null, { worker: 3 }, { url: "https://a" }] },
  ];
  for (const spec of specs) {
    expect(() => readSteering([document("Service", "a", spec)])).not.toThrow();
    expect(() => readSteering([document("HTTPRoute", "a", spec)])).not.toThrow();
  }
  expect(() =>
    readSteering([document("HTTPRoute", "a", { parentRefs: [3], rules: [{ backendRefs: 1 }] })]),
  ).not.toThrow();
});
