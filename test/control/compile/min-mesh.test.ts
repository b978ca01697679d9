// Which isolates may take a table: none that would pass by what it says.
import { expect, it } from "vitest";
import { compile } from "../../../control/compile/compile.ts";
import { MESH_VERSION } from "../../../mesh/contract/table.ts";
import { toStored } from "../../golden/stored.ts";

const PLAIN = {
  apiVersion: "heddle.dev/v1",
  kind: "Service",
  metadata: { name: "pay", namespace: "shop" },
  spec: { endpoints: [{ worker: "pay" }] },
};

const minMesh = (...documents: Parameters<typeof toStored>[0][]): number =>
  compile({
    resources: documents.map(toStored),
    version: 2,
    previous: 1,
    nowMs: 1,
  }).directory.minMesh;

const mesh = (defaults: object) => ({
  apiVersion: "heddle.dev/v1",
  kind: "Mesh",
  metadata: { name: "shop" },
  spec: { trustDomain: "shop.example", defaults },
});

it("a table of plain calls is for every build", () => {
  expect(minMesh(PLAIN)).toBe(1);
  expect(minMesh(PLAIN, mesh({ timeouts: { edge: "3s" } }))).toBe(1);
});

it.each<[string, Parameters<typeof toStored>[0]]>([
  [
    "a policy",
    {
      apiVersion: "heddle.dev/v1",
      kind: "AuthorizationPolicy",
      metadata: { name: "pay", namespace: "shop" },
      spec: { targetRefs: [{ kind: "Service", name: "pay" }], action: "ALLOW", rules: [] },
    },
  ],
  ["default deny", mesh({ authorization: { defaultAction: "deny" } })],
  ["strict proofs", { ...PLAIN, spec: { ...PLAIN.spec, identity: { level: "strict" } } }],
  [
    "another trust domain",
    {
      apiVersion: "heddle.dev/v1",
      kind: "TrustDomain",
      metadata: { name: "east" },
      spec: { trustDomain: "east.example", bundle: { url: "https://east.example/bundle" } },
    },
  ],
])("a table with %s is not for builds that know none", (_what, document) => {
  expect(minMesh(document, ...(document["kind"] === "Service" ? [] : [PLAIN]))).toBe(MESH_VERSION);
  expect(MESH_VERSION).toBeGreaterThan(1);
});
