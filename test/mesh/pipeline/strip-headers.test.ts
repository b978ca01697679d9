// What a client may not say at the edge: nothing of the mesh, of one hop, of the platform's steering, of identity tokens.
import { expect, it } from "vitest";
import { stripHeaders } from "../../../mesh/pipeline/strip-headers.ts";

const DROPPED =
  "heddle heddle-reason x-heddle-route x_heddle_caller heddle_listener traceparent tracestate baggage te transfer-encoding proxy-connection cloudflare-workers-version-overrides cloudflare-workers-version-key workload-identity-token workload-proof-token txn-token";

it.each(DROPPED.split(" "))("%s is dropped", (name) => {
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
