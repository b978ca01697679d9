// What outlives a turn of the compiler: when an endpoint was first seen, for slow start.
import { expect, it } from "vitest";
import { compile } from "../../../control/compile/compile.ts";
import type { StoredResource } from "../../../mesh/contract/state.ts";
import type { ServiceChunk } from "../../../mesh/contract/service.ts";
import { toStored, woven } from "../../golden/stored.ts";

const workers = ["a", "b", "c"].map((name) => toStored(woven(`default/${name}`)));

function turn(names: readonly string[], status: StoredResource["status"], nowMs: number) {
  const service = toStored({
    apiVersion: "heddle.dev/v1",
    kind: "Service",
    metadata: { name: "x" },
    spec: {
      endpoints: names.map((worker) => ({ worker })),
      balancing: { slowStart: { window: "1m" } },
    },
  });
  const resources = [...workers, { ...service, ...(status ? { status } : {}) }];
  const { directory, chunks, statuses } = compile({ resources, version: 2, previous: 1, nowMs });
  const at = Object.keys(directory.chunks).indexOf("service:default/x");
  const chunk = JSON.parse(new TextDecoder().decode(chunks[at])) as ServiceChunk;
  const next = statuses.find(({ kind, name }) => kind === "Service" && name === "x");
  return { since: chunk.endpoints.map(({ sinceMs }) => sinceMs), status: next?.status };
}

it("an endpoint that joins is new from then on, those a service begins with are not", () => {
  const first = turn(["a", "b"], undefined, 1000);
  expect(first.since).toEqual([0, 0]);
  const second = turn(["a", "b", "c"], first.status, 2000);
  expect(second.since).toEqual([0, 0, 2000]);
  const alone = turn(["a"], undefined, 1000);
  expect(turn(["a", "b"], alone.status, 2000).since).toEqual([0, 2000]);
  const third = turn(["c", "a"], second.status, 3000);
  expect(third.since).toEqual([2000, 0]);
  expect(turn(["c", "a", "b"], third.status, 4000).since).toEqual([2000, 0, 4000]);
});
