// Owns where weaving has table, public key and deploy seeds from: control, else the state of a dev mesh, else nowhere.
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { SEED_LIFE_MS, type KeySet, type WrappedKeys } from "../../mesh/contract/identity.ts";
import { wrapKeys } from "../../mesh/identity/seed.ts";
import { BINDINGS } from "../../mesh/contract/wiring.ts";
import { askControl, controlAt, type ControlTarget } from "../client.ts";
import { CliError, EXIT } from "../exit.ts";

/** What a Worker begins with when nobody answers. */
export interface MeshKeys {
  /** Base64, as in KV. */
  readonly table: string | null;
  readonly tableKey: JsonWebKey | null;
  readonly seeds: Readonly<Record<string, WrappedKeys>>;
  readonly notes: readonly string[];
}

/** What `GET /v1/weave/:namespace/:name` answers. */
interface ControlAnswer {
  readonly table: string | null;
  readonly publicKey: JsonWebKey | null;
  readonly seed: KeySet | null;
}

/** Where to look. */
export interface KeySources {
  /** `.heddle/state` of the project. */
  readonly stateDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly nowMs: number;
}

/** Collects table, key and seeds for the Workers that are woven. */
export async function collectKeys(
  workloads: readonly string[],
  sources: KeySources,
): Promise<MeshKeys> {
  const control = sources.env["HEDDLE_CONTROL"];
  const found = control
    ? await fromControl(workloads, controlAt(control, sources.env["HEDDLE_TOKEN"]))
    : fromState(workloads, sources.stateDir);
  const { seeds, isNew } = await wrapSeeds(found.seeds, sources);
  return { ...found, seeds, notes: notesOf(found, isNew) };
}

interface Found {
  readonly table: string | null;
  readonly tableKey: JsonWebKey | null;
  readonly seeds: ReadonlyMap<string, KeySet>;
}

async function fromControl(workloads: readonly string[], target: ControlTarget): Promise<Found> {
  const answers = await Promise.all(
    workloads.map(async (workload) => {
      const answer = await askControl<ControlAnswer>(target, "GET", `/v1/weave/${workload}`);
      return [workload, answer] as const;
    }),
  );
  const first = answers[0]?.[1];
  return {
    table: first?.table ?? null,
    tableKey: first?.publicKey ?? null,
    seeds: new Map(answers.flatMap(([id, { seed }]) => (seed ? [[id, seed] as const] : []))),
  };
}

function fromState(workloads: readonly string[], dir: string): Found {
  const table = path.join(dir, "table.bin");
  return {
    table: existsSync(table) ? readFileSync(table).toString("base64") : null,
    tableKey: readJson<JsonWebKey>(path.join(dir, "table-key.json")),
    seeds: new Map(
      workloads.flatMap((workload) => {
        const seed = readJson<KeySet>(
          path.join(dir, "seeds", `${workload.replace("/", ".")}.json`),
        );
        return seed ? [[workload, seed] as const] : [];
      }),
    ),
  };
}

function notesOf({ table, tableKey, seeds }: Found, hasNewKek: boolean): readonly string[] {
  const notes: string[] = [];
  if (table === null || tableKey === null || seeds.size === 0) {
    const what = table === null || tableKey === null ? "table or deploy seed" : "deploy seed";
    notes.push(
      `woven without a ${what}: an isolate that starts while control, KV and objects are down cannot ` +
        "serve; set HEDDLE_CONTROL and HEDDLE_TOKEN, or run `heddle dev` first",
    );
  }
  if (hasNewKek) {
    notes.push(
      `seeds are wrapped under keys in .heddle/state/${KEKS_FILE}; give each Worker its own with ` +
        `\`wrangler secret put ${BINDINGS.kek}\``,
    );
  }
  return notes;
}

async function wrapSeeds(
  seeds: ReadonlyMap<string, KeySet>,
  { stateDir, env, nowMs }: KeySources,
): Promise<{ seeds: Readonly<Record<string, WrappedKeys>>; isNew: boolean }> {
  const given = env[BINDINGS.kek];
  const keks = given === undefined ? keptKeks(stateDir, [...seeds.keys()]) : undefined;
  const wrapped: Record<string, WrappedKeys> = {};
  for (const [workload, keys] of seeds) {
    const kek = keks?.all[workload] ?? given ?? "";
    const iv = new Uint8Array(randomBytes(12));
    const seed = await wrapKeys(keys, kek, workload, nowMs + SEED_LIFE_MS, iv);
    if (seed === null) {
      throw new CliError(EXIT.failed, {
        message: `${BINDINGS.kek} is not the base64url of 32 bytes`,
        mend: `Make one with: node -p 'crypto.randomBytes(32).toString("base64url")'`,
      });
    }
    wrapped[workload] = seed;
  }
  return { seeds: wrapped, isNew: keks?.isNew ?? false };
}

const KEKS_FILE = "keks.json";

/** The key-encryption keys kept in a state folder, one per workload; what is missing is made. */
export function keptKeks(
  stateDir: string,
  workloads: readonly string[],
): { readonly all: Readonly<Record<string, string>>; readonly isNew: boolean } {
  const file = path.join(stateDir, KEKS_FILE);
  const kept = readJson<Record<string, string>>(file) ?? {};
  const missing = workloads.filter((workload) => kept[workload] === undefined);
  if (missing.length === 0) return { all: kept, isNew: false };
  const made = missing.map(
    (workload) => [workload, randomBytes(32).toString("base64url")] as const,
  );
  const all = { ...kept, ...Object.fromEntries(made) };
  keep(stateDir, all);
  return { all, isNew: true };
}

/** Another key-encryption key for a workload in the place of the one that is kept; answers both. */
export function nextKek(
  stateDir: string,
  workload: string,
): { readonly kek: string; readonly before: string } {
  const { all } = keptKeks(stateDir, [workload]);
  const kek = randomBytes(32).toString("base64url");
  keep(stateDir, { ...all, [workload]: kek });
  return { kek, before: all[workload] ?? "" };
}

function keep(stateDir: string, keks: Readonly<Record<string, string>>): void {
  mkdirSync(stateDir, { recursive: true });
  const file = path.join(stateDir, KEKS_FILE);
  const next = `${file}.${process.pid}`;
  writeFileSync(next, `${JSON.stringify(keks, null, 1)}\n`, { mode: 0o600 });
  renameSync(next, file);
}

function readJson<T>(file: string): T | null {
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as T) : null;
}
