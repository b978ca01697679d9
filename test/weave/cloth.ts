// A mesh of a few Workers without a control plane: signed table and deploy seeds made here, woven as weaving does.
import { randomBytes, webcrypto } from "node:crypto";
import * as esbuild from "esbuild";
import { DEFAULTS } from "../../mesh/contract/defaults.ts";
import type { IdentityLevel, KeySet, WrappedKeys } from "../../mesh/contract/identity.ts";
import type { Directory, ServiceChunk } from "../../mesh/contract/table.ts";
import type { Wiring } from "../../mesh/contract/wiring.ts";
import { audienceSecret, pairSeed, toWireKey } from "../../mesh/identity/derive.ts";
import { digestOf } from "../../mesh/identity/digest.ts";
import { Secret } from "../../mesh/identity/secret.ts";
import { wrapKeys } from "../../mesh/identity/seed.ts";
import { writeTable } from "../../mesh/identity/table-frame.ts";
import { startRuntime, type Runtime } from "../../cli/dev/runtime.ts";
import {
  plainSettings,
  type RuntimeBinding,
  type RuntimeWorker,
} from "../../cli/dev/runtime-worker.ts";

export const TRUST_DOMAIN = "cloth.example";

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
  readonly bindings?: Readonly<Record<string, RuntimeBinding>>;
}

export interface ClothOptions {
  readonly compatibilityDate: string;
  readonly compatibilityFlags?: readonly string[];
  readonly isWoven: boolean;
  readonly levels?: Readonly<Record<string, IdentityLevel>>;
  readonly workers: readonly ClothWorker[];
  readonly dir: string;
  readonly onLog?: (line: string) => void;
}

let bundled: Promise<string> | undefined;

/** The data plane as every woven Worker has it. */
export function dataPlane(): Promise<string> {
  bundled ??= esbuild
    .build({
      entryPoints: ["mesh/weave/index.ts"],
      bundle: true,
      write: false,
      format: "esm",
      minify: true,
      platform: "neutral",
      mainFields: ["module", "main"],
      conditions: ["workerd", "worker", "browser"],
      external: ["cloudflare:workers", "node:*"],
    })
    .then(({ outputFiles }) => outputFiles[0]?.text ?? "");
  return bundled;
}

/** Starts the Workers, bare or woven; the first one is exposed. */
export async function startCloth(options: ClothOptions): Promise<Runtime> {
  const workers = options.isWoven ? await wovenWorkers(options) : bareWorkers(options);
  return startRuntime({
    workers,
    stateDir: `${options.dir}/state`,
    tmpDir: `${options.dir}/tmp`,
    onLog: ({ message }) => options.onLog?.(message),
  });
}

function settings(
  { compatibilityDate, compatibilityFlags = [] }: ClothOptions,
  worker: ClothWorker,
): RuntimeWorker["settings"] {
  const own = Object.entries(worker.objects ?? {}).map(([name, className]) => [
    name,
    { className, useSQLite: true },
  ]);
  const flags = compatibilityDate < "2026-08-04" ? ["nodejs_als"] : [];
  return {
    ...plainSettings(compatibilityDate, [...flags, ...compatibilityFlags]),
    options: { durableObjects: Object.fromEntries(own) },
  };
}

function bareWorkers(options: ClothOptions): readonly RuntimeWorker[] {
  return options.workers.map((worker, index) => ({
    name: worker.name,
    settings: settings(options, worker),
    modules: [{ name: "index.js", type: "ESModule", contents: worker.source }],
    bindings: {
      ...Object.fromEntries(
        Object.entries(worker.dials ?? {}).map(([name, dial]): [string, RuntimeBinding] => {
          const [to = "", entrypoint] = dial.to.split("#");
          return [name, { type: "worker", worker: to, entrypoint, props: dial.props }];
        }),
      ),
      ...worker.bindings,
    },
    ...(index === 0 ? { expose: ["default"] } : {}),
  }));
}

const workloadOf = (name: string): string => `default/${name}`;

async function wovenWorkers(options: ClothOptions): Promise<readonly RuntimeWorker[]> {
  const names = options.workers.map(({ name }) => name);
  const { table, tableKey } = await signedTable(names, options.levels ?? {});
  const master = new Secret<Uint8Array>(randomBytes(32));
  const code = await dataPlane();
  return Promise.all(
    options.workers.map(async (worker, index): Promise<RuntimeWorker> => {
      const kek = randomBytes(32).toString("base64url");
      const seed = await seedOf(worker.name, names, master, kek);
      const { bindings, wiring } = wire(worker, index === 0);
      const full: Wiring = { ...wiring, tableKey, table, seed, ...worker.wiring };
      const lines = worker.exports.map((name, at) =>
        name === "default"
          ? `export default runtime.weave("default", user.default);`
          : `const w${at} = runtime.weave("${name}", user.${name}); export { w${at} as ${name} };`,
      );
      return {
        name: worker.name,
        settings: settings(options, worker),
        modules: [
          { name: "entry.js", type: "ESModule", contents: entry(lines) },
          { name: "boot.js", type: "ESModule", contents: BOOT },
          {
            name: "wiring.js",
            type: "ESModule",
            contents: `export default ${JSON.stringify(full)};`,
          },
          { name: "heddle.js", type: "ESModule", contents: code },
          { name: "index.js", type: "ESModule", contents: worker.source },
        ],
        bindings: {
          ...bindings,
          HEDDLE_KEK: { type: "text", value: kek },
              ...worker.bindings,
        },
        ...(index === 0 ? { expose: ["default"] } : {}),
      };
    }),
  );
}

const BOOT = `import { env } from "cloudflare:workers";
import { start } from "./heddle.js";
import wiring from "./wiring.js";
export const runtime = start(env, wiring);`;

const entry = (lines: readonly string[]): string =>
  [`import { runtime } from "./boot.js";`, `import * as user from "./index.js";`, ...lines].join(
    "\n",
  );

/** Only the first Worker may be called from outside, as one with routes of its own. */
function wire(
  worker: ClothWorker,
  isFirst: boolean,
): { bindings: Record<string, RuntimeBinding>; wiring: Wiring } {
  const bindings: Record<string, RuntimeBinding> = {};
  const reach: Record<string, Record<string, string>> = {};
  const dialled: Record<string, Wiring["dialled"][string]> = {};
  const heddle = { workload: workloadOf(worker.name) };
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
      workload: workloadOf(worker.name),
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

async function signedTable(
  names: readonly string[],
  levels: Readonly<Record<string, IdentityLevel>>,
): Promise<{ table: string; tableKey: JsonWebKey }> {
  const pair = await webcrypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, [
    "sign",
    "verify",
  ]);
  const encoder = new TextEncoder();
  const parts: Uint8Array[] = [];
  const chunks: Record<string, Directory["chunks"][string]> = {};
  let offset = 0;
  for (const name of names) {
    const chunk: ServiceChunk = {
      service: workloadOf(name),
      ports: null,
      endpoints: [{ id: workloadOf(name), worker: workloadOf(name), weight: 1, labels: {} }],
      level: "session",
      balance: "p2c",
      maxInFlight: 1024,
      producer: null,
      consumer: null,
    };
    const bytes = encoder.encode(JSON.stringify(chunk));
    chunks[`service:${workloadOf(name)}`] = { hash: digestOf(bytes), offset, length: bytes.length };
    offset += bytes.length;
    parts.push(bytes);
  }
  const directory: Directory = {
    format: 1,
    mesh: "cloth",
    trustDomain: TRUST_DOMAIN,
    version: 1,
    previous: 0,
    createdMs: 0,
    minMesh: 1,
    bypass: [],
    defaults: DEFAULTS,
    splits: false,
    levels: Object.fromEntries(
      Object.entries(levels).map(([name, level]) => [workloadOf(name), level]),
    ),
    chunks,
  };
  const bytes = encoder.encode(JSON.stringify(directory));
  const signature = await webcrypto.subtle.sign(
    { name: "ECDSA", hash: "SHA-256" },
    pair.privateKey,
    bytes,
  );
  const table = writeTable(bytes, new Uint8Array(signature), parts);
  const tableKey = await webcrypto.subtle.exportKey("jwk", pair.publicKey);
  return { table: Buffer.from(table).toString("base64"), tableKey: tableKey as JsonWebKey };
}

async function seedOf(
  name: string,
  names: readonly string[],
  master: Secret<Uint8Array>,
  kek: string,
): Promise<WrappedKeys> {
  const secrets = new Map(names.map((other) => [other, audienceSecret(master, workloadOf(other))]));
  const own = secrets.get(name);
  if (own === undefined) throw new Error(`no Worker ${name}`);
  const pairs: Record<string, KeySet["audience"]> = {};
  for (const [other, secret] of secrets)
    pairs[workloadOf(other)] = [
      toWireKey("s1", pairSeed(secret, TRUST_DOMAIN, workloadOf(name), workloadOf(other))),
    ];
  const keys: KeySet = { audience: [toWireKey("s1", own)], pairs };
  const iv = new Uint8Array(randomBytes(12));
  const wrapped = await wrapKeys(keys, kek, workloadOf(name), Date.now() + 86_400_000, iv);
  if (wrapped === null) throw new Error("the seed could not be wrapped");
  return wrapped;
}
