// Owns the mesh's own Workers in the local runtime: control, the objects behind their faults, and dev's own.
import path from "node:path";
import { BINDINGS } from "../../mesh/contract/wiring.ts";
import { readWranglerConfig } from "../project/wrangler-config.ts";
import { packageRoot } from "../weave/again.ts";
import { propsOf } from "../weave/reach.ts";
import { SYSTEM } from "../weave/system.ts";
import { DEV_EXPORT, RUNS_EXPORT } from "../weave/weavable.ts";
import { bundleOwn, type OwnBundle, type OwnName } from "./own-bundles.ts";
import {
  plainSettings,
  type NodeHandler,
  type RuntimeBinding,
  type RuntimeWorker,
} from "./runtime-worker.ts";
import { readWorkerSettings, type WorkerSettings } from "./worker-settings.ts";
import { NODE_BINDING } from "./worker/node-binding.ts";

/** The Worker that stands between the others and control, the pulse and the table. */
export const DEV_WORKER = "heddle/dev";
/** Id of the KV namespace with the table. */
export const TABLE_ID = "heddle-table";
/** How long an isolate of a dev mesh goes on with what it knows. */
export const DEV_LEASE_MS = 2000;

/** Bundles and settings of the mesh's own Workers; the same for every mesh of this heddle. */
export interface OwnParts {
  readonly bundles: Readonly<Record<OwnName, OwnBundle>>;
  readonly settings: Readonly<Record<"control" | "objects" | "gateway" | "relay", WorkerSettings>>;
  /** Classes of the objects' Worker. */
  readonly classes: readonly string[];
  /** Constants that they, and so the data plane of the project's Workers, are built with. */
  readonly define: Readonly<Record<string, string>>;
}

/** What makes them those of one mesh. */
export interface OwnSecrets {
  readonly token: string;
  /** Key-encryption key of the objects' Worker. */
  readonly kek: string;
  /** Answers dev's Workers. */
  readonly node: NodeHandler;
}

/** A Worker that dev stands in front of, and which of dev's entrypoints weaving gave it. */
export interface Watched {
  readonly workload: string;
  readonly tag?: string | undefined;
  readonly hasDev: boolean;
  readonly hasRuns: boolean;
}

/** Bundles them with these constants and reads their wrangler files. */
export async function loadOwnParts(define: Readonly<Record<string, string>>): Promise<OwnParts> {
  const root = packageRoot();
  const files = {
    control: path.join(root, "control/wrangler.toml"),
    objects: path.join(root, "durable-objects/wrangler.toml"),
    gateway: path.join(root, "wrangler.toml"),
    relay: path.join(root, "workers/sidecar/wrangler.toml"),
  };
  const [bundles, control, objects, gateway, relay, config] = await Promise.all([
    bundleOwn(define),
    readWorkerSettings(files.control),
    readWorkerSettings(files.objects),
    readWorkerSettings(files.gateway),
    readWorkerSettings(files.relay),
    readWranglerConfig(files.objects, undefined),
  ]);
  const classes = (config.migrations ?? []).flatMap(
    (migration) => migration.new_sqlite_classes ?? [],
  );
  return { bundles, settings: { control, objects, gateway, relay }, classes, define };
}

/** Control, the objects and dev's own Worker, for these Workers of the mesh. */
export const ownWorkers = (
  parts: OwnParts,
  secrets: OwnSecrets,
  watched: readonly Watched[],
): readonly RuntimeWorker[] => [
  controlWorker(parts, secrets),
  objectsWorker(parts, secrets),
  devWorker(parts, secrets, watched),
];

function controlWorker({ bundles, settings }: OwnParts, { token }: OwnSecrets): RuntimeWorker {
  return {
    name: SYSTEM.control,
    settings: settings.control,
    modules: [{ name: "control.js", type: "ESModule", contents: bundles.control.text }],
    expose: ["default"],
    rename: () => SYSTEM.objects,
    bindings: {
      [BINDINGS.table]: { type: "kv", id: TABLE_ID },
      HEDDLE_TOKEN: { type: "text", value: token },
      HEDDLE_LEASE_MS: { type: "text", value: String(DEV_LEASE_MS) },
      HEDDLE_IS_DEV: { type: "text", value: "1" },
      HEDDLE_PUBLISH_GAP_MS: { type: "text", value: "0" },
    },
  };
}

function objectsWorker(parts: OwnParts, { kek, node }: OwnSecrets): RuntimeWorker {
  const { bundles, settings, classes } = parts;
  return {
    name: SYSTEM.objects,
    settings: settings.objects,
    modules: [
      { name: "index.js", type: "ESModule", contents: faultyModule(bundles.objects, classes) },
      { name: "objects.js", type: "ESModule", contents: bundles.objects.text },
      { name: "faulty.js", type: "ESModule", contents: bundles.faulty.text },
    ],
    bindings: {
      [BINDINGS.kek]: { type: "text", value: kek },
      [NODE_BINDING]: { type: "node", handler: node },
    },
  };
}

/** The main module in front of the objects': every class behind its faults, all else as it is. */
function faultyModule({ exports }: OwnBundle, classes: readonly string[]): string {
  const lines = [
    'import * as objects from "./objects.js";',
    'import { faulty } from "./faulty.js";',
  ];
  for (const name of exports) {
    if (name === "default") lines.push("export default objects.default;");
    else if (classes.includes(name)) {
      lines.push(`export const ${name} = faulty("${name}", objects.${name});`);
    } else lines.push(`export const ${name} = objects.${name};`);
  }
  return `${lines.join("\n")}\n`;
}

function devWorker(
  { bundles }: OwnParts,
  { node }: OwnSecrets,
  watched: readonly Watched[],
): RuntimeWorker {
  const bindings: Record<string, RuntimeBinding> = {
    NODE: { type: "node", handler: node },
    TABLE: { type: "kv", id: TABLE_ID },
    WORKLOADS: { type: "json", value: watched.map(({ workload }) => workload) },
  };
  for (const [index, { workload, tag, hasDev, hasRuns }] of watched.entries()) {
    const props = { ...propsOf(workload, tag) };
    bindings[`CONTROL_${index}`] = {
      type: "worker",
      worker: SYSTEM.control,
      entrypoint: "Workload",
      props,
    };
    bindings[`PULSE_${index}`] = {
      type: "worker",
      worker: SYSTEM.objects,
      entrypoint: "Pulse",
      props,
    };
    if (hasDev)
      bindings[`DEV_${index}`] = { type: "worker", worker: workload, entrypoint: DEV_EXPORT };
    if (hasRuns)
      bindings[`RUNS_${index}`] = { type: "worker", worker: workload, entrypoint: RUNS_EXPORT };
  }
  return {
    name: DEV_WORKER,
    settings: plainSettings("2026-10-20"),
    modules: [{ name: "dev.js", type: "ESModule", contents: bundles.dev.text }],
    expose: ["default"],
    bindings,
  };
}
