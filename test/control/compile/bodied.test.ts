// Which Workers the directory names as proving answers with their bodies: those that a Service of theirs asks it of.
import { expect, it } from "vitest";
import { compile } from "../../../control/compile/compile.ts";
import type { Directory } from "../../../mesh/contract/table.ts";
import { toStored } from "../../golden/stored.ts";

const service = (name: string, workers: readonly string[], identity: object) => ({
  apiVersion: "heddle.dev/v1",
  kind: "Service",
  metadata: { name, namespace: "shop" },
  spec: { endpoints: workers.map((worker) => ({ worker })), identity },
});

const directoryOf = (...documents: Parameters<typeof toStored>[0][]): Directory =>
  compile({ resources: documents.map(toStored), version: 2, previous: 1, nowMs: 1 }).directory;

it("is absent while nobody asks for it", () => {
  const asked = service("pay", ["pay"], { level: "request", answerBody: false });
  expect(directoryOf(asked)).not.toHaveProperty("bodied");
});

it("names each endpoint once, whichever of its services asks", () => {
  const { bodied } = directoryOf(
    service("pay", ["pay-v2", "pay-v1"], { level: "request", answerBody: true }),
    service("old-pay", ["pay-v1"], { answerBody: true }),
    service("cart", ["cart"], { level: "request" }),
  );
  expect(bodied).toEqual(["shop/pay-v1", "shop/pay-v2"]);
});
