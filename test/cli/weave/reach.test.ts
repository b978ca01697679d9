import { expect, test } from "vitest";
import {
  boundEndpoints,
  planReach,
  reachAll,
  type Course,
  type Target,
} from "../../../cli/weave/reach.ts";

const a: Target = { workload: "default/a", entrypoints: ["", "Api"] };
const b: Target = { workload: "default/b", entrypoints: ["Api"] };
const heddle = { workload: "default/me" };

const course = (
  binding: string,
  entrypoint: string | null,
  more: Partial<Course> = {},
): Course => ({
  binding,
  dialled: { service: "default/a", entrypoint },
  props: null,
  targets: [a, b],
  fixed: [],
  ...more,
});

test("a caller is bound once to each target that has the entrypoint it dials", () => {
  const plan = planReach("default/me", [
    course("ONE", null),
    course("TWO", "Api"),
    course("THREE", "Api"),
  ]);
  expect(plan.reach).toEqual({
    "default/a": { "": "HEDDLE_TO_0", Api: "HEDDLE_TO_1" },
    "default/b": { Api: "HEDDLE_TO_2" },
  });
  expect(plan.bindings).toEqual([
    { binding: "HEDDLE_TO_0", workload: "default/a", entrypoint: null, props: { heddle } },
    { binding: "HEDDLE_TO_1", workload: "default/a", entrypoint: "Api", props: { heddle } },
    { binding: "HEDDLE_TO_2", workload: "default/b", entrypoint: "Api", props: { heddle } },
  ]);
  expect(plan.dialled["ONE"]).toEqual({ service: "default/a", entrypoint: null });
});

test("a version tag is in the props of every binding, where the user's own cannot replace it", () => {
  const props = { heddle: { workload: "default/me", tag: "forged" }, color: "red" };
  const courses = [course("ONE", null), course("TWO", "Api", { props })];
  const { bindings } = planReach("default/me", courses, "v7");
  expect(bindings.map(({ props: given }) => given?.["heddle"])).toEqual(
    bindings.map(() => ({ workload: "default/me", tag: "v7" })),
  );
});

test("an entrypoint a Service fixes is bound beside the one dialled", () => {
  const plan = planReach("default/me", [course("ONE", null, { fixed: ["Api"] })]);
  expect(plan.reach).toEqual({
    "default/a": { "": "HEDDLE_TO_0", Api: "HEDDLE_TO_1" },
    "default/b": { Api: "HEDDLE_TO_2" },
  });
});

test("bindings whose props differ reach their callees by bindings of their own", () => {
  const plan = planReach("default/me", [
    course("PLAIN", "Api"),
    course("RED", "Api", { props: { color: "red" } }),
    course("BLUE", "Api", { props: { color: "blue" }, targets: [b] }),
  ]);
  expect(plan.reach).toEqual({
    "default/a": { Api: "HEDDLE_TO_0" },
    "default/b": { Api: "HEDDLE_TO_1" },
  });
  expect(plan.dialled["RED"]?.reach).toEqual({
    "default/a": "HEDDLE_TO_2",
    "default/b": "HEDDLE_TO_3",
  });
  expect(plan.dialled["BLUE"]?.reach).toEqual({ "default/b": "HEDDLE_TO_4" });
  expect(plan.bindings.map(({ props }) => props)).toEqual([
    { heddle },
    { heddle },
    { color: "red", heddle },
    { color: "red", heddle },
    { color: "blue", heddle },
  ]);
});

test("a user's props cannot take the place of ours", () => {
  const forged = { heddle: { workload: "default/admin" }, own: true };
  const plan = planReach("default/me", [course("FORGED", "Api", { props: forged, targets: [b] })]);
  expect(plan.bindings).toEqual([
    {
      binding: "HEDDLE_TO_0",
      workload: "default/b",
      entrypoint: "Api",
      props: { own: true, heddle },
    },
  ]);
});

test("a Worker that static assets stand in front of is reached past them", () => {
  const { bindings, reach } = reachAll("heddle/relay", [{ ...a, front: "HeddleFront" }]);
  expect(reach).toEqual({ "default/a": { "": "HEDDLE_TO_0", Api: "HEDDLE_TO_1" } });
  expect(bindings.map(({ entrypoint }) => entrypoint)).toEqual(["HeddleFront", "Api"]);
});

test("the mesh's own Workers reach every entrypoint; a plain Worker sees no props of ours", () => {
  const { bindings, reach } = reachAll("heddle/relay", [a, { ...b, isPlain: true }]);
  expect(reach).toEqual({
    "default/a": { "": "HEDDLE_TO_0", Api: "HEDDLE_TO_1" },
    "plain:default/b": { Api: "HEDDLE_TO_2" },
  });
  expect(bindings.at(-1)).toEqual({
    binding: "HEDDLE_TO_2",
    workload: "default/b",
    entrypoint: "Api",
  });
  expect(boundEndpoints(reach)).toEqual([
    "default/a",
    "default/a#Api",
    "default/b",
    "default/b#Api",
  ]);
});
