// A mesh of a few Workers without a control plane: signed table and deploy seeds made here, woven as weaving does.
import { randomBytes } from "node:crypto";
import type { KeySet, WrappedKeys } from "../../mesh/contract/identity.ts";
import type { Wiring } from "../../mesh/contract/wiring.ts";
import { audienceSecret, pairSeed, toWireKey } from "../../mesh/identity/derive.ts";
import { Secret } from "../../mesh/identity/secret.ts";
import { wrapKeys } from "../../mesh/identity/seed.ts";
import { bundleDataPlane, type Bundle } from "../../cli/bundle.ts";
import { bootModule, entryModule, wiringModule } from "../../cli/weave/entry.ts";
import { exportsUsed } from "../../cli/weave/exports.ts";
import { WOVEN_FILES } from "../../cli/weave/weavable.ts";
import { signedTables, TRUST_DOMAIN, workloadOf, type TableOptions } from "./tables.ts";
import { startRuntime, type Runtime } from "../../cli/dev/runtime.ts";
import { propsOf } from "../../cli/weave/reach.ts";
import {
  plainSettings,
  type RuntimeBinding,
  type RuntimeModule,
  type RuntimeWorker,
} from "../../cli/dev/runtime-worker.ts";

export { TRUST_DOMAIN, workloadOf };

/** One Worker of the cloth: its source, and the services it dials by binding name. */
export interface ClothWorker {
  readonly name: string;
  readonly source: string;
  readonly exports: readonly string[];
  /** By binding: `service` or `service#Entrypoint`; the props are the user's own. */
  readonly dials?: Readonly<
    Record<string, { readonly to: string; readonly props?: Readonly<Record<string, unknown>> }>
  >;
  /** Durable Object classes by binding. */
  readonly objects?: Readonly<Record<string, string>>;
  readonly wiring?: Partial<Wiring>;
  /** The Worker that it is another version of: its workload and keys. */
  readonly versionOf?: string;
  /** Version tag in the props of its bindings. */
  readonly tag?: string;
  readonly bindings?: Readonly<Record<string, RuntimeBinding>>;
  /** What else a wrangler file would say: queues, tails. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Workers that get its tail events, in batches. */
  readonly tails?: readonly string[];
  /** Joins by hand: its source imports heddle, its wiring is a variable. */
  readonly isByHand?: boolean;
  /** Not woven: its own modules and bindings, whoever it is in the table. */
  readonly isPlain?: boolean;
  /** Besides the first Worker. */
  readonly isExposed?: boolean;
  /** `heddle.js` and its late part; default: the data plane as it is. */
  readonly dataPlane?: DataPlane;
  /** Its deploy seed as another build would write it, inside and outside. */
  readonly rewriteSeed?: <T extends object>(json: T) => T;
}

export type DataPlane = Pick<Bundle, "text" | "late"> & Partial<Pick<Bundle, "proved">>;

export interface ClothOptions extends TableOptions {
  readonly compatibilityDate: string;
  readonly isWoven: boolean;
  readonly workers: readonly ClothWorker[];
  readonly dir: string;
  readonly onLog?: (line: string) => void;
}

/** Running Workers. */
export interface Cloth extends Runtime {
  /** The keys of a Worker by name, as its deploy seed has them. */
  keysOf(name: string): KeySet;
}

/** Starts the Workers, bare or woven; the first one is exposed. */
export async function startCloth(options: ClothOptions): Promise<Cloth> {
  const master = new Secret<Uint8Array>(randomBytes(32));
  const names = options.workers.map(({ name }) => name);
  const keysOf = (name: string): KeySet => keysFrom(master, name, names);
  const workers = options.isWoven ? await wovenWorkers(options, keysOf) : bareWorkers(options);
  const runtime = await startRuntime({
    workers,
    stateDir: `${options.dir}/state`,
    tmpDir: `${options.dir}/tmp`,
    onLog: ({ message }) => options.onLog?.(message),
  });
  return { ...runtime, keysOf };
}

function settings(
  { compatibilityDate }: ClothOptions,
  worker: ClothWorker,
): RuntimeWorker["settings"] {
  const own = Object.entries(worker.objects ?? {}).map(([name, className]) => [
    name,
    { className, useSQLite: true },
  ]);
  const flags = compatibilityDate < "2026-08-04" ? ["nodejs_als"] : [];
  return {
    ...plainSettings(compatibilityDate, flags),
    options: { durableObjects: Object.fromEntries(own), ...worker.options },
  };
}

function bareWorkers(options: ClothOptions): readonly RuntimeWorker[] {
  return options.workers.map((worker, index) => bareWorker(options, worker, index));
}

function bareWorker(options: ClothOptions, worker: ClothWorker, index: number): RuntimeWorker {
  const dials = Object.entries(worker.dials ?? {}).map(([name, dial]): [string, RuntimeBinding] => {
    const [to = "", entrypoint] = dial.to.split("#");
    return [name, { type: "worker", worker: to, entrypoint, props: dial.props }];
  });
  return {
    name: worker.name,
    settings: settings(options, worker),
    modules: [module("index.js", worker.source)],
    bindings: { ...Object.fromEntries(dials), ...worker.bindings },
    ...exposed(worker, index),
  };
}

const exposed = (
  { isExposed, tails = [] }: ClothWorker,
  index: number,
): Pick<RuntimeWorker, "expose" | "tails"> => ({
  ...(index === 0 || isExposed === true ? { expose: ["default"] } : {}),
  tails: tails.map((worker) => ({ worker, isBuffered: true })),
});

async function wovenWorkers(
  options: ClothOptions,
  keysOf: (name: string) => KeySet,
): Promise<readonly RuntimeWorker[]> {
  const { table, tableKey, nextTable } = await signedTables(options);
  return Promise.all(
    options.workers.map(async (worker, index): Promise<RuntimeWorker> => {
      if (worker.isPlain === true) {
        const bare = bareWorker(options, worker, index);
        const next: RuntimeBinding = { type: "text", value: nextTable ?? "" };
        return { ...bare, bindings: { ...bare.bindings, NEXT_TABLE: next } };
      }
      const kek = randomBytes(32).toString("base64url");
      const seed = await seedOf(worker, keysOf(worker.versionOf ?? worker.name), kek);
      const { bindings, wiring } = wire(worker, index === 0);
      const full: Wiring = { ...wiring, tableKey, table, seed, ...worker.wiring };
      const kekBinding: RuntimeBinding = { type: "text", value: kek };
      const shared = {
        name: worker.name,
        settings: settings(options, worker),
        ...exposed(worker, index),
      };
      if (worker.isByHand === true)
        return {
          ...shared,
          modules: [module("index.js", worker.source)],
          bindings: {
            ...bindings,
            HEDDLE_KEK: kekBinding,
            HEDDLE_WIRING: { type: "json", value: full },
            ...worker.bindings,
          },
        };
      const heddle = worker.dataPlane ?? (await dataPlaneFor(worker, full));
      const entry = {
        main: "index.js",
        exports: worker.exports,
        isDev: false,
        hasDevModule: false,
        hasAssets: false,
      };
      return {
        ...shared,
        modules: [
          module(WOVEN_FILES.entry, entryModule(entry)),
          module(WOVEN_FILES.boot, bootModule()),
          module(WOVEN_FILES.wiring, wiringModule(full)),
          module(WOVEN_FILES.dataPlane, heddle.text),
          module(WOVEN_FILES.late, heddle.late),
          module(WOVEN_FILES.proved, heddle.proved ?? ""),
          module("index.js", worker.source),
        ],
        bindings: { ...bindings, HEDDLE_KEK: kekBinding, ...worker.bindings },
      };
    }),
  );
}

async function dataPlaneFor(worker: ClothWorker, wiring: Wiring): Promise<Bundle> {
  return bundleDataPlane({
    parts: {
      routes: wiring.ownRoutes,
      assets: wiring.assets !== null,
      objects: wiring.objects.length > 0,
      queues: wiring.queues !== undefined,
      ...exportsUsed([worker.source]),
    },
  });
}

const module = (name: string, contents: string): RuntimeModule => ({
  name,
  type: "ESModule",
  contents,
});

/** Only the first Worker may be called from outside, as one with routes of its own. */
function wire(
  worker: ClothWorker,
  isFirst: boolean,
): { bindings: Record<string, RuntimeBinding>; wiring: Wiring } {
  const bindings: Record<string, RuntimeBinding> = {};
  const reach: Record<string, Record<string, string>> = {};
  const dialled: Record<string, Wiring["dialled"][string]> = {};
  const workload = workloadOf(worker.versionOf ?? worker.name);
  const heddle = { ...propsOf(workload, worker.tag).heddle };
  Object.entries(worker.dials ?? {}).forEach(([name, dial], index) => {
    const [to = "", entrypoint = ""] = dial.to.split("#");
    const binding = `HEDDLE_TO_${index}`;
    bindings[binding] = {
      type: "worker",
      worker: to,
      entrypoint: entrypoint === "" ? undefined : entrypoint,
      props: { ...dial.props, heddle },
    };
    (reach[workloadOf(to)] ??= {})[entrypoint] = binding;
    dialled[name] = {
      service: workloadOf(to),
      entrypoint: entrypoint === "" ? null : entrypoint,
      reach: { [workloadOf(to)]: binding },
    };
  });
  return {
    bindings,
    wiring: {
      format: 1,
      mesh: "cloth",
      trustDomain: TRUST_DOMAIN,
      workload,
      dialled,
      reach,
      objects: Object.keys(worker.objects ?? {}),
      ownRoutes: isFirst,
      assets: null,
      loopback: randomBytes(16).toString("base64url"),
      tableKey: null,
      seed: null,
      table: null,
    },
  };
}

function keysFrom(master: Secret<Uint8Array>, name: string, names: readonly string[]): KeySet {
  const pairs: Record<string, KeySet["audience"]> = {};
  for (const other of names) {
    const secret = audienceSecret(master, workloadOf(other));
    const pair = pairSeed(secret, TRUST_DOMAIN, workloadOf(name), workloadOf(other));
    pairs[workloadOf(other)] = [toWireKey("s1", pair)];
  }
  return { audience: [toWireKey("s1", audienceSecret(master, workloadOf(name)))], pairs };
}

async function seedOf(
  { name, versionOf = name, rewriteSeed = (json) => json }: ClothWorker,
  keys: KeySet,
  kek: string,
): Promise<WrappedKeys> {
  const iv = new Uint8Array(randomBytes(12));
  const untilMs = Date.now() + 86_400_000;
  const wrapped = await wrapKeys(rewriteSeed(keys), kek, workloadOf(versionOf), untilMs, iv);
  if (wrapped === null) throw new Error("the seed could not be wrapped");
  return rewriteSeed(wrapped);
}
