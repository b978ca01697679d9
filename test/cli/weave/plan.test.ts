import { expect, test } from "vitest";
import type { Project } from "../../../cli/project/load.ts";
import type { SourcedDocument } from "../../../cli/project/resources.ts";
import type { ProjectWorker } from "../../../cli/project/workers.ts";
import type { WranglerConfig } from "../../../cli/project/wrangler-config.ts";
import { planMesh, type MeshPlan } from "../../../cli/weave/plan.ts";
import { toRegistrations } from "../../../cli/weave/registration.ts";
import type { PlanOptions } from "../../../cli/weave/scene.ts";

function worker(
  name: string,
  config: Partial<WranglerConfig> = {},
  more: Partial<ProjectWorker> = {},
): ProjectWorker {
  return {
    workload: `default/${name}`,
    namespace: "default",
    name,
    script: name,
    configPath: `/p/${name}/wrangler.toml`,
    config: {
      name,
      main: `/p/${name}/index.ts`,
      compatibility_flags: [],
      build: {},
      durable_objects: { bindings: [] },
      ...config,
    },
    labels: {},
    join: "woven",
    where: "mesh.yaml:1:1",
    ...more,
  };
}

const project = (
  workers: readonly ProjectWorker[],
  resources: readonly SourcedDocument[] = [],
): Project => ({ dir: "/p", mesh: { name: "shop", spec: {} }, workers, resources });

const exportsOf = (names: readonly string[]) => ({ names, inner: [], unread: [] });

function plan(of: Project, options: Partial<PlanOptions> = {}): MeshPlan {
  return planMesh(of, {
    dev: false,
    exports: new Map([["default/payments", exportsOf(["default", "Payments", "Admin"])]]),
    newSecret: () => "secret",
    ...options,
  });
}

const of = (meshPlan: MeshPlan, name: string) => {
  const found = meshPlan.workers.find(({ workload }) => workload === `default/${name}`);
  if (!found) throw new Error(name);
  return found;
};

const front = worker("front", {
  services: [
    { binding: "CART", service: "cart" },
    { binding: "PAY", service: "payments", entrypoint: "Payments" },
    { binding: "MAIL", service: "mailer" },
  ],
});

test("a deployed Worker is bound to what its dials may lead to, and to the mesh's own", () => {
  const planned = of(
    plan(project([front, worker("cart"), worker("payments"), worker("other")])),
    "front",
  );
  expect(
    planned.bindings.map(({ binding, workload, entrypoint }) => [binding, workload, entrypoint]),
  ).toEqual([
    ["HEDDLE", "heddle/control", "Workload"],
    ["HEDDLE_PULSE", "heddle/objects", "Pulse"],
    ["HEDDLE_RELAY", "heddle/relay", "Relay"],
    ["HEDDLE_TO_0", "default/cart", null],
    ["HEDDLE_TO_1", "default/payments", "Payments"],
  ]);
  expect(
    planned.bindings.every(
      ({ props }) => JSON.stringify(props) === '{"heddle":{"workload":"default/front"}}',
    ),
  ).toBe(true);
  expect(planned.wiring).toEqual({
    format: 1,
    mesh: "shop",
    trustDomain: "shop.mesh",
    workload: "default/front",
    dialled: {
      CART: { service: "default/cart", entrypoint: null },
      PAY: { service: "default/payments", entrypoint: "Payments" },
    },
    reach: {
      "default/cart": { "": "HEDDLE_TO_0" },
      "default/payments": { Payments: "HEDDLE_TO_1" },
    },
    objects: [],
    ownRoutes: false,
    assets: null,
    loopback: "secret",
    tableKey: null,
    seed: null,
    table: null,
  });
  expect(planned.outside).toEqual([{ binding: "MAIL", service: "mailer" }]);
  expect(planned.notes).toEqual([
    'MAIL stays as it is: no Worker or Service of the mesh is called "mailer"',
  ]);
  expect(planned.dials).toEqual(["default/cart", "default/payments"]);
  expect(planned.bound).toEqual(["default/cart", "default/payments"]);
});

test("in dev every Worker is bound to all others by the entrypoints it dials, and every name is the mesh's", () => {
  const planned = of(
    plan(project([front, worker("cart"), worker("payments")]), { dev: true, leaseMs: 2000 }),
    "front",
  );
  expect(planned.wiring?.reach).toEqual({
    "default/front": { "": "HEDDLE_TO_0" },
    "default/cart": { "": "HEDDLE_TO_1" },
    "default/payments": { "": "HEDDLE_TO_2", Payments: "HEDDLE_TO_3" },
  });
  expect(planned.wiring?.dialled["MAIL"]).toEqual({ service: "default/mailer", entrypoint: null });
  expect(planned.outside).toEqual([]);
  expect(planned.wiring).toMatchObject({ dev: true, leaseMs: 2000 });
});

test("a Worker behind the relay dials through it and is told nothing; nobody else is bound to it", () => {
  const legacy = worker(
    "legacy",
    { services: [{ binding: "CART", service: "cart", entrypoint: "Api", props: { a: 1 } }] },
    { join: "relay" },
  );
  const caller = worker("cart", { services: [{ binding: "LEGACY", service: "legacy" }] });
  const meshPlan = plan(project([legacy, caller]));
  expect(of(meshPlan, "legacy")).toMatchObject({
    wiring: null,
    bound: [],
    bindings: [
      {
        binding: "CART",
        workload: "heddle/relay",
        entrypoint: "Relay",
        props: {
          heddle: {
            source: "default/legacy",
            dialled: { service: "default/cart", entrypoint: "Api" },
          },
        },
      },
    ],
    notes: ["the props of CART do not reach their callee through the relay"],
  });
  expect(of(meshPlan, "cart").wiring?.reach).toEqual({});
  expect(meshPlan.gateway.bound).toEqual(["default/cart"]);
  expect(meshPlan.relay.wiring.reach).toEqual({
    "plain:default/legacy": { "": "HEDDLE_TO_0" },
    "default/cart": { "": "HEDDLE_TO_1" },
  });
  expect(meshPlan.relay.bound).toEqual(["default/legacy", "default/cart"]);
  expect(meshPlan.relay.bindings.find(({ workload }) => workload === "default/legacy")).toEqual({
    binding: "HEDDLE_TO_0",
    workload: "default/legacy",
    entrypoint: null,
  });
});

test("the gateway and the relay reach the default export and every entrypoint somebody dials", () => {
  const { gateway, relay } = plan(project([front, worker("cart"), worker("payments")]), {
    listenerKey: "key",
    seeds: {
      "heddle/gateway": {
        format: 1,
        workload: "heddle/gateway",
        iv: "",
        sealed: "",
        notAfterMs: 1,
      },
    },
  });
  expect(gateway.wiring.reach["default/payments"]).toEqual({
    "": "HEDDLE_TO_2",
    Payments: "HEDDLE_TO_3",
  });
  expect(gateway.wiring).toMatchObject({ workload: "heddle/gateway", listenerKey: "key" });
  expect(gateway.wiring.seed?.workload).toBe("heddle/gateway");
  expect(relay.wiring).not.toHaveProperty("listenerKey");
  const mesh = (bindings: typeof gateway.bindings) =>
    bindings.slice(0, 3).map(({ binding }) => binding);
  expect(mesh(gateway.bindings)).toEqual(["HEDDLE", "HEDDLE_PULSE", "HEDDLE_RELAY"]);
  expect(mesh(relay.bindings)).toEqual(["HEDDLE", "HEDDLE_PULSE", "HEDDLE_TO_0"]);
});

test("objects whose class is woven carry the context, wherever the class lives", () => {
  const caller = worker("caller", {
    durable_objects: {
      bindings: [
        { name: "OWN", class_name: "A" },
        { name: "CART", class_name: "Cart", script_name: "cart-staging" },
        { name: "PLAIN", class_name: "B", script_name: "plain" },
        { name: "FAR", class_name: "C", script_name: "elsewhere" },
      ],
    },
  });
  const meshPlan = plan(
    project([
      caller,
      worker("cart", {}, { script: "cart-staging" }),
      worker("plain", {}, { join: "relay" }),
    ]),
  );
  expect(of(meshPlan, "caller").wiring?.objects).toEqual(["OWN", "CART"]);
});

test("own routes, assets and labels are told", () => {
  const meshPlan = plan(
    project([
      worker("a", {
        routes: ["a.example/*"],
        assets: {
          directory: "public",
          run_worker_first: ["/api/*"],
          not_found_handling: "404-page",
        },
      }),
      worker("b", { assets: { binding: "FILES" } }, { labels: { app: "b" } }),
    ]),
  );
  expect(of(meshPlan, "a").wiring).toMatchObject({
    ownRoutes: true,
    assets: { binding: "HEDDLE_ASSETS", workerFirst: ["/api/*"], notFound: "404-page" },
  });
  expect(of(meshPlan, "a").notes).toHaveLength(1);
  expect(of(meshPlan, "b").wiring).toMatchObject({
    ownRoutes: false,
    assets: { binding: "FILES", workerFirst: false },
  });
  expect(toRegistrations(meshPlan)).toMatchObject([
    { workload: "default/a", woven: true, plain: false, edge: true, labels: {} },
    { workload: "default/b", edge: false, labels: { app: "b" } },
    { workload: "heddle/gateway", woven: true, edge: true, bound: ["default/a", "default/b"] },
    { workload: "heddle/relay", woven: true, edge: false, bound: ["default/a", "default/b"] },
  ]);
});

test("a dial to an entrypoint that is not there is warned of, with those that are", () => {
  const caller = worker("caller", {
    services: [
      { binding: "PAY", service: "payments", entrypoint: "Payment" },
      { binding: "ADMIN", service: "payments", entrypoint: "Admin" },
      { binding: "BARE", service: "endpoint:bare", entrypoint: "Api" },
      { binding: "UNBUILT", service: "unbuilt", entrypoint: "Api" },
    ],
  });
  const workers = [caller, worker("payments"), worker("bare"), worker("unbuilt")];
  const exports = new Map([
    ["default/payments", exportsOf(["default", "Payments", "Admin"])],
    ["default/bare", exportsOf(["default"])],
  ]);
  expect(of(plan(project(workers), { exports }), "caller").warnings).toEqual([
    "PAY dials the entrypoint Payment of default/payments, which has Payments, Admin",
    "BARE dials the entrypoint Api of default/bare, which has none but its default export",
  ]);
});
