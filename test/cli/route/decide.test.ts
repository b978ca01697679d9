// What `heddle route test` says, from the functions that decide in the mesh.
import { describe, expect, it } from "vitest";
import { parseDocuments } from "../../../cli/commands/documents.ts";
import { decide, type Question } from "../../../cli/route/decide.ts";
import { tablesOfFiles } from "../../../cli/route/tables.ts";

const FILES = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec:
  gatewayClassName: heddle
  listeners: [{ name: http, port: 80, protocol: HTTP }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: shop }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - matches: [{ path: { value: /a }, headers: [{ name: x-user, value: jason }] }]
      backendRefs: [{ name: one, port: 80 }]
    - matches: [{ path: { value: /a } }]
      backendRefs: [{ name: two, port: 80 }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: mesh }
spec:
  parentRefs: [{ group: "", kind: Service, name: one }]
  rules:
    - matches: [{ headers: [{ name: heddle-caller-label-version, value: v2 }] }]
      backendRefs: [{ name: two, port: 80 }]
    - backendRefs: [{ name: one, port: 80 }]
`;
const workers = [
  { workload: "default/one", labels: {}, dials: [], whereDials: () => "" },
  {
    workload: "default/two",
    labels: { version: "v2" },
    dials: ["default/one"],
    whereDials: () => "",
  },
];
const tables = tablesOfFiles({
  documents: parseDocuments("f.yaml", FILES).documents,
  workers,
  stored: [],
  nowMs: 0,
});
const ask = (url: string, over: Partial<Question> = {}) => {
  const { pathname, search } = new URL(url);
  return decide(tables, {
    method: "GET",
    url: new URL(url),
    path: pathname,
    query: search.slice(1),
    headers: {},
    from: null,
    to: "",
    came: null,
    ...over,
  });
};

describe("route test", () => {
  it("says which rule wins and what the ones before it lack", () => {
    const { outcome, rule, steps } = ask("http://any/a/b");
    expect([outcome, rule?.index]).toEqual(["rule", 1]);
    expect(steps[0]?.considered.map(({ rule: index, lacks }) => [index, lacks])).toEqual([
      [0, "header x-user is missing"],
      [1, null],
    ]);
  });

  it("says when there is none", () => {
    expect(ask("http://any/b").outcome).toBe("no_route");
    const from = "default/two";
    expect(ask("http://x/", { from, to: "default/x" }).outcome).toBe("unknown_service");
    expect(ask("http://two/", { from, to: "default/two" }).outcome).toBe("service");
  });

  it("knows the caller", () => {
    const to = "default/one";
    expect(ask("http://one/", { from: "default/two", to }).rule?.index).toBe(0);
    expect(ask("http://one/", { from: "default/one", to }).rule?.index).toBe(1);
  });
});
