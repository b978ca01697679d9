// By what a case of Istio's documents is asked: a caller's binding, or a Gateway.
import { expect, it } from "vitest";
import type { VsDocument, VsRequest } from "./meshvs/document.ts";
import { boundService } from "./meshvs/plan.ts";

const http = [{ route: [{ destination: { host: "b" } }] }];
const document: VsDocument = {
  id: "hosts",
  virtual_services: [
    { hosts: ["b", "c.example"], http },
    { hosts: ["d.example"], gateways: ["edge"], http },
  ],
  cases: [],
};
const to = (host: string, source?: VsRequest["source"]): VsRequest => ({
  method: "GET",
  path: "/",
  host,
  ...(source ? { source } : {}),
});

it.each([
  ["a service", to("b"), "b"],
  ["the same by its whole name and port", to("b.default.svc.cluster.local:80"), "b"],
  ["a service of another namespace than the caller's", to("b", { namespace: "o" }), "b.default"],
  ["a host of the mesh that is no service", to("c.example"), "c-example"],
  ["a host of a Gateway alone", to("d.example"), null],
  ["a host that nobody names", to("e.example"), null],
])("%s", (_name, request, bound) => {
  expect(boundService(document, request)).toBe(bound);
});
