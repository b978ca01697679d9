// Owns the project's Workers, the gateway and the relay in the local runtime: woven, bound through dev's Worker,
// with the keys dev last saw.
import { randomBytes } from "node:crypto";
import path from "node:path";
import { BINDINGS } from "../../mesh/contract/wiring.ts";
import { bundleDataPlane } from "../bundle.ts";
import type { Project } from "../project/load.ts";
import { defaultWranglerConfig } from "../project/wrangler-config.ts";
import { wovenConfig, type ConfigPlace } from "../weave/config.ts";
import { writeIfChanged } from "../weave/files.ts";
import { keptKeks } from "../weave/keys.ts";
import { planMesh, type MeshPlan, type PlannedWorker } from "../weave/plan.ts";
import type { MeshBinding } from "../weave/reach.ts";
import { scriptNames } from "../weave/script-names.ts";
import { SYSTEM, type PlannedSystem } from "../weave/system.ts";
import { partsOf, weaveWorker } from "../weave/weave-worker.ts";
import { keptKeys } from "./mesh-keys.ts";
import { DEV_LEASE_MS, DEV_WORKER, TABLE_ID, type OwnParts, type Watched } from "./own-workers.ts";
import type { ProjectBuilds } from "./project-builds.ts";
import type { RuntimeBinding, RuntimeModule, RuntimeWorker } from "./runtime-worker.ts";
import { readWorkerSettings } from "./worker-settings.ts";

/** What the Workers of a mesh are made of. */
export interface Material {
  readonly project: Project;
  readonly builds: ProjectBuilds;
  readonly parts: OwnParts;
  readonly stateDir: string;
  readonly listenerKey: string;
}

/** The plan of a mesh in dev, with the table and the seeds that dev last saw. */
export async function planDev({
  project,
  builds,
  stateDir,
  listenerKey,
}: Material): Promise<MeshPlan> {
  const { table, tableKey, seeds } = await keptKeys(wovenOf(project), stateDir);
  return planMesh(project, {
    dev: true,
    exports: builds.exports,
    table,
    tableKey,
    seeds,
    leaseMs: DEV_LEASE_MS,
    listenerKey,
    newSecret: () => randomBytes(16).toString("base64url"),
  });
}

/** Workloads that hold keys: all but those behind the relay. */
export const wovenOf = ({ workers }: Project): readonly string[] => [
  ...workers.filter(({ join }) => join !== "relay").map(({ workload }) => workload),
  SYSTEM.gateway,
  SYSTEM.relay,
];

/** Which of dev's entrypoints each Worker has. */
export const watchedOf = (plan: MeshPlan): readonly Watched[] => [
  ...plan.workers.map(({ workload, join, worker: { tag } }) => {
    return { workload, tag, hasDev: join !== "relay", hasRuns: join === "woven" };
  }),
  { workload: SYSTEM.gateway, hasDev: true, hasRuns: false },
  { workload: SYSTEM.relay, hasDev: true, hasRuns: false },
];

/** Weaves a plan: everything the local runtime needs beside the mesh's own Workers. */
export async function weaveDev(
  plan: MeshPlan,
  material: Material,
): Promise<readonly RuntimeWorker[]> {
  const { project, parts, stateDir } = material;
  const keks = keptKeks(stateDir, wovenOf(project)).all;
  const loom: Loom = {
    ...material,
    keks,
    place: {
      defaults: await defaultWranglerConfig(),
      scriptOf: scriptNames(project),
      tableId: TABLE_ID,
      buildCommand: "",
      watch: [],
    },
    rename: workloadOf(project),
  };
  const workers = await Promise.all(
    plan.workers.map(async (planned) => await weaveOne(planned, loom)),
  );
  return [
    ...workers,
    systemWorker(plan.gateway, parts.bundles.gateway.text, parts.settings.gateway, loom),
    systemWorker(plan.relay, parts.bundles.relay.text, parts.settings.relay, loom),
  ];
}

interface Loom extends Material {
  readonly keks: Readonly<Record<string, string>>;
  readonly place: Omit<ConfigPlace, "outDir">;
  readonly rename: (script: string) => string;
}

async function weaveOne(planned: PlannedWorker, loom: Loom): Promise<RuntimeWorker> {
  const { workload, worker, wiring } = planned;
  const outDir = path.join(loom.stateDir, "woven", workload.replace("/", "."));
  const built = loom.builds.built.get(workload);
  const modules: readonly RuntimeModule[] = built
    ? weaveWorker(planned, built, outDir, {
        dataPlane: await bundleDataPlane({
          parts: partsOf(planned, built),
          define: loom.parts.define,
        }),
        devModule: loom.parts.bundles.watch.text,
        keep: [CONFIG_FILE],
      }).modules
    : [{ name: "none.js", type: "ESModule", contents: "export default {};" }];
  const { config } = wovenConfig(planned, built?.modules ?? [], { ...loom.place, outDir });
  const configPath = path.join(outDir, CONFIG_FILE);
  writeIfChanged(configPath, JSON.stringify(config));
  const settings = await readWorkerSettings(configPath, {
    userConfigPath: worker.configPath,
  });
  const joining = wiring === null ? {} : meshBindings(workload, loom);
  return {
    name: workload,
    settings,
    modules,
    rename: loom.rename,
    tails: tailsOf(workload),
    bindings: {
      ...Object.fromEntries(Object.keys(wiring?.dialled ?? {}).map((name) => [name, null])),
      ...Object.fromEntries(
        planned.bindings.map((binding) => [binding.binding, toBinding(binding)]),
      ),
      ...joining,
      ...(planned.join === "hand" ? { [BINDINGS.wiring]: { type: "json", value: wiring } } : {}),
    },
  };
}

const CONFIG_FILE = "wrangler.json";

function systemWorker(
  { workload, wiring, bindings }: PlannedSystem,
  text: string,
  settings: RuntimeWorker["settings"],
  loom: Loom,
): RuntimeWorker {
  return {
    name: workload,
    settings,
    modules: [{ name: "index.js", type: "ESModule", contents: text }],
    expose: ["default"],
    tails: tailsOf(workload),
    bindings: {
      ...Object.fromEntries(bindings.map((binding) => [binding.binding, toBinding(binding)])),
      ...meshBindings(workload, loom),
      [BINDINGS.wiring]: { type: "json", value: wiring },
    },
  };
}

/** The table and the key, which every Worker that holds keys has. */
const meshBindings = (
  workload: string,
  { keks }: Loom,
): Readonly<Record<string, RuntimeBinding>> => ({
  [BINDINGS.table]: {
    type: "worker",
    worker: DEV_WORKER,
    entrypoint: "Table",
    props: { heddle: { workload } },
  },
  [BINDINGS.kek]: { type: "text", value: keks[workload] ?? "" },
});

/** What leads to control and the pulse goes through dev's Worker. */
function toBinding({ workload, entrypoint, props }: MeshBinding): RuntimeBinding {
  if (workload === SYSTEM.control) {
    return { type: "worker", worker: DEV_WORKER, entrypoint: "Control", props };
  }
  if (workload === SYSTEM.objects) {
    return { type: "worker", worker: DEV_WORKER, entrypoint: "Pulse", props };
  }
  return { type: "worker", worker: workload, entrypoint: entrypoint ?? undefined, props };
}

const tailsOf = (workload: string): NonNullable<RuntimeWorker["tails"]> => [
  { worker: DEV_WORKER, entrypoint: "Tail", props: { heddle: { workload } } },
];

/** The workload behind a script name of a wrangler file; an unknown one keeps its name. */
function workloadOf({ workers }: Project): (script: string) => string {
  const byScript = new Map(workers.map(({ script, workload }) => [script, workload]));
  const byName = new Map(workers.map(({ config, workload }) => [config.name ?? "", workload]));
  return (script) => byScript.get(script) ?? byName.get(script) ?? script;
}
