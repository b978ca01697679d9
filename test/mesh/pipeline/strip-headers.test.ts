// What a client may not say at the edge: nothing of the mesh, of one hop, of the platform's steering, of identity tokens.
import { expect, it } from "vitest";
import { stripHeaders } from "../../../mesh/pipeline/strip-headers.ts";

const DROPPED = `
  heddle heddle-reason x-heddle-route x_heddle_caller heddle_listener traceparent
  tracestate baggage te transfer-encoding proxy-connection
  cloudflare-workers-version-overrides cloudflare-workers-version-key
  workload-identity-token workload-proof-token txn-token forwarded x-forwarded-for
  x-forwarded-prefix x-forwarded-client-cert x_forwarded_for x-real-ip true-client-ip
  x-envoy-original-path x-original-url x-rewrite-url cf-access-authenticated-user-email
  cf_connecting_ip cf-anything cloudflare-workers-anything
`;

it.each(DROPPED.trim().split(/\s+/))("%s is dropped", (name) => {
  const headers = { [name]: "admin", accept: "*/*", "x-own": "1" };
  stripHeaders(headers);
  expect(headers).toEqual({ accept: "*/*", "x-own": "1" });
});

it("whatever `connection` names is dropped with it, but for an upgrade", () => {
  const headers: Record<string, string> = { connection: "X-Role , close", "x-role": "admin" };
  stripHeaders(headers);
  expect(headers).toEqual({});
  const upgrade: Record<string, string> = { connection: "upgrade", upgrade: "websocket" };
  stripHeaders(upgrade);
  expect(upgrade).toEqual({ connection: "upgrade", upgrade: "websocket" });
});

it("what a client says of itself is replaced by what is known", () => {
  const headers: Record<string, string> = {
    "cf-connecting-ip": "203.0.113.7",
    "x-forwarded-for": "10.0.0.1, 203.0.113.7",
    "x-real-ip": "10.0.0.1",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "admin.example",
  };
  stripHeaders(headers, "http://shop.example:8080/a");
  expect(headers).toEqual({
    "cf-connecting-ip": "203.0.113.7",
    "x-forwarded-for": "203.0.113.7",
    "x-real-ip": "203.0.113.7",
    "x-forwarded-proto": "http",
    "x-forwarded-host": "shop.example:8080",
  });
});

it("what the platform says, and every header of the application, passes", () => {
  const headers: Record<string, string> = {
    connection: "cf-connecting-ip",
    "cf-connecting-ip": "203.0.113.7",
    "cf-ipcountry": "CH",
    "cf-ray": "7d1-ZRH",
    "cf-access-jwt-assertion": "a.b.c",
    authorization: "Bearer a.b.c",
    cookie: "a=b",
    forward: "1",
    "x-forward": "1",
    "x-heddl": "1",
    "x-http-method-override": "PUT",
    "x-request-id": "1",
  };
  const { connection: _, ...passing } = headers;
  stripHeaders(headers, "http://shop.example/");
  expect(headers).toEqual(passing);
});
