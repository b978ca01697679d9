import { expect, test } from "vitest";
import { sortBindings, type Names } from "../../../cli/weave/dial.ts";

const names = (isOpen: boolean): Names => ({
  services: new Set(["default/reviews", "infra/echo"]),
  scripts: new Map([["reviews-staging", "default/reviews"]]),
  isOpen,
});

const dialled = (service: string, isOpen = false, entrypoint?: string) =>
  sortBindings(
    [{ binding: "B", service, ...(entrypoint === undefined ? {} : { entrypoint }) }],
    "default",
    names(isOpen),
  ).dials[0]?.dialled;

test("a service binding dials a service of the caller's namespace, or of the one it names", () => {
  expect(dialled("reviews")).toEqual({ service: "default/reviews", entrypoint: null });
  expect(dialled("reviews", false, "Api")).toEqual({
    service: "default/reviews",
    entrypoint: "Api",
  });
  expect(dialled("echo.infra")).toEqual({ service: "infra/echo", entrypoint: null });
  expect(dialled("not-yet.infra")).toEqual({ service: "infra/not-yet", entrypoint: null });
});

test("endpoint: dials one endpoint past its service's routes", () => {
  const expected = { service: "", entrypoint: null, endpoint: "infra/echo-v2" };
  expect(dialled("endpoint:echo-v2.infra")).toEqual(expected);
  expect(dialled("endpoint:echo-v2")).toEqual({ ...expected, endpoint: "default/echo-v2" });
});

test("the name an environment is deployed under is the service of that Worker", () => {
  expect(dialled("reviews-staging")).toEqual({ service: "default/reviews", entrypoint: null });
});

test("a name the mesh does not know stays outside; in dev it may be applied later", () => {
  const binding = { binding: "B", service: "stranger", props: { a: 1 } };
  expect(sortBindings([binding], "default", names(false))).toEqual({
    dials: [],
    outside: [binding],
  });
  expect(dialled("stranger", true)).toEqual({ service: "default/stranger", entrypoint: null });
});
