// Which routes a listener takes, and what its status says of that.
import { expect, it } from "vitest";
import { compile } from "../../../control/compile/compile.ts";
import { toStored } from "../../golden/stored.ts";

const apiVersion = "gateway.networking.k8s.io/v1";

function attached(allowedRoutes: object): unknown {
  const gateway = toStored({
    apiVersion,
    kind: "Gateway",
    metadata: { name: "gw" },
    spec: { listeners: [{ name: "http", port: 80, protocol: "HTTP", allowedRoutes }] },
  });
  const route = toStored({
    apiVersion,
    kind: "HTTPRoute",
    metadata: { name: "route" },
    spec: { parentRefs: [{ name: "gw" }] },
  });
  const resources = [gateway, route];
  const { statuses } = compile({ resources, version: 1, previous: 0, nowMs: 0 });
  return statuses.find(({ kind }) => kind === "Gateway")?.status["listeners"];
}

it.each([
  ["no kinds", {}, ["HTTPRoute", "GRPCRoute"], 1],
  ["an empty list of kinds, as if there were none", { kinds: [] }, ["HTTPRoute", "GRPCRoute"], 1],
  ["its own kind", { kinds: [{ kind: "HTTPRoute" }] }, ["HTTPRoute"], 1],
  ["another kind", { kinds: [{ kind: "GRPCRoute" }] }, ["GRPCRoute"], 0],
])("takes a route with %s", (_name, allowedRoutes, kinds, attachedRoutes) => {
  const supportedKinds = kinds.map((kind) => ({ group: "gateway.networking.k8s.io", kind }));
  expect(attached(allowedRoutes)).toMatchObject([{ supportedKinds, attachedRoutes }]);
});
