import { expect, it } from "vitest";
import { outbound } from "../../../mesh/chains/outbound.ts";
import type { OutboundCall } from "../../../mesh/pipeline/call.ts";
import { answer, type Outcome } from "../../../mesh/pipeline/outcome.ts";
import { toLate } from "../../../mesh/pipeline/late.ts";
import { call, fake, service } from "./fake.ts";

const LATE = ["cors", "fault", "transform", "split", "mirror", "transform-backend"];

it.each(LATE)("%s does not ask for the late part for a call that needs none", (name) => {
  const filter = outbound.filters.find((candidate) => candidate.name === name);
  const { isolate } = fake({ services: [service("callee")], answering: {} });
  const ready: OutboundCall = call(
    {
      ...isolate,
      late: () => {
        throw new Error("asked for");
      },
    },
    "callee",
    {
      rule: {
        route: "",
        index: 0,
        backends: [{ service: "default/callee", port: null, weight: 1 }],
      },
    },
  );
  const outcome: Outcome = answer("it", 0);
  // At once, and the very outcome: not a promise of it.
  expect(filter?.wrap(() => outcome)(ready)).toBe(outcome);
});

it("is refused where it is not here: errors deny", () => {
  const { isolate } = fake({ services: [], answering: {} });
  const next = (): never => {
    throw new Error("went on");
  };
  expect(toLate(undefined, call(isolate, "callee"), null, next)).toMatchObject({
    kind: "refusal",
    reason: "mesh_error",
  });
});
