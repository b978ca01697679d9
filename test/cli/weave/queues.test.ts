import { expect, test } from "vitest";
import { loadProject, type Project } from "../../../cli/project/load.ts";
import { WeaveError } from "../../../cli/weave/refusal.ts";
import { carryingQueues, refuseQueues } from "../../../cli/weave/queues.ts";
import { makeProject, meshYaml } from "../project/temp-project.ts";

const shop = async (joins: string, consumer: object): Promise<Project> =>
  loadProject(
    makeProject({
      "mesh.yaml": meshYaml(`queues: [orders]\n  workers: [a, { path: b, join: ${joins} }, c]`),
      ...Object.fromEntries(
        Object.entries({
          a: {
            producers: [
              { binding: "ORDERS", queue: "orders" },
              { binding: "OTHERS", queue: "others" },
            ],
          },
          b: { consumers: [consumer] },
          c: {},
        }).map(([name, queues]) => [
          `${name}/wrangler.json`,
          JSON.stringify({ name, main: "index.ts", compatibility_date: "2025-06-01", queues }),
        ]),
      ),
    }),
  );

test("who sends to a queue that mesh.yaml names carries the context, and every consumer opens what it gets", async () => {
  const project = await shop("woven", { queue: "others" });
  expect(project.workers.map((worker) => carryingQueues(worker, project))).toEqual([
    ["ORDERS"],
    [],
    undefined,
  ]);
});

test.each([
  ["woven", { queue: "orders" }, undefined],
  ["hand", { queue: "orders" }, undefined],
  ["relay", { queue: "orders" }, "HEDDLE-W010"],
  ["relay", { queue: "others" }, undefined],
])("a consumer that joins %s and gets %j: %s", async (join, consumer, code) => {
  const project = await shop(join, consumer);
  expect(codeOf(project)).toBe(code);
});

test("so is who gets what a carrying queue gave up", async () => {
  const project = await shop("relay", { queue: "dead" });
  expect(codeOf(project)).toBeUndefined();
  const [first, second, third] = project.workers;
  const queues = { consumers: [{ queue: "orders", dead_letter_queue: "dead" }] };
  const workers = [first!, second!, { ...third!, config: { ...third!.config, queues } }];
  expect(codeOf({ ...project, workers })).toBe("HEDDLE-W010");
});

function codeOf(project: Project): string | undefined {
  try {
    for (const worker of project.workers) refuseQueues(worker, project);
    return undefined;
  } catch (error) {
    if (error instanceof WeaveError) return error.code;
    throw error;
  }
}
