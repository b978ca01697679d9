// Which rule of an RPCRoute takes a call of a method.
import { expect, it } from "vitest";
import { compile } from "../../../control/compile/compile.ts";
import { winner } from "../../../mesh/filters/route/winner.ts";
import type { ServiceChunk } from "../../../mesh/contract/service.ts";
import type { OutboundCall } from "../../../mesh/pipeline/call.ts";
import { toStored, woven } from "../../golden/stored.ts";

const { directory, chunks } = compile({
  resources: [
    toStored(woven("default/front", [], { tier: "web" })),
    toStored(woven("default/payments")),
    toStored({
      apiVersion: "heddle.dev/v1",
      kind: "RPCRoute",
      metadata: { name: "payments" },
      spec: {
        parentRefs: [{ name: "payments" }],
        rules: [
          { matches: [{ entrypoint: "Payments" }], backendRefs: [{ name: "payments" }] },
          { matches: [{ method: ["charge", "refund"] }], backendRefs: [{ name: "payments" }] },
          {
            matches: [
              { entrypoint: "Payments", method: "charge", caller: { labels: { tier: "web" } } },
            ],
            backendRefs: [{ name: "payments" }],
          },
        ],
      },
    }),
  ],
  version: 1,
  previous: 0,
  nowMs: 0,
});
const at = Object.keys(directory.chunks).indexOf("service:default/payments");
const chunk = JSON.parse(new TextDecoder().decode(chunks[at])) as ServiceChunk;
const ruleFor = (source: string, entrypoint: string | null, method: string): number | undefined => {
  const call = {
    http: null,
    rpc: { path: [method], args: [] },
    dialled: { service: "", entrypoint },
    source,
  };
  return winner(chunk, call as unknown as OutboundCall)?.index;
};

it.each([
  ["default/front", "Payments", "charge", 2],
  ["default/other", "Payments", "charge", 1],
  ["default/other", "Payments", "quote", 0],
  ["default/other", "Admin", "refund", 1],
  ["default/other", null, "charge", 1],
  ["default/other", null, "quote", undefined],
])("%s calls %s.%s", (source, entrypoint, method, index) => {
  expect(ruleFor(source, entrypoint, method)).toBe(index);
});

it("needs the late part, where rules are looked up", () => {
  expect(directory.late).toBe(true);
});
