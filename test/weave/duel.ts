// The same Workers twice, bare and woven, each asked the same probes.
import { rm } from "node:fs/promises";
import * as esbuild from "esbuild";
import type { IdentityLevel } from "../../mesh/contract/identity.ts";
import type { Runtime } from "../../cli/dev/runtime.ts";
import { startCloth, type ClothWorker } from "./cloth.ts";

/** What a probe came to: `value`, `threw` or `hangs`. */
export type Finding = Readonly<Record<string, unknown>>;

/** Both sides of one date. */
export interface Duel {
  readonly names: readonly string[];
  ask(name: string): Promise<{ readonly bare: Finding; readonly woven: Finding }>;
  close(): Promise<void>;
}

export interface DuelOptions {
  readonly compatibilityDate: string;
  readonly level?: IdentityLevel;
  readonly dir: string;
}

const FIXTURES = `${import.meta.dirname}/fixtures`;

let sources: Promise<Readonly<Record<string, string>>> | undefined;

/** The user's Workers, built as wrangler would. */
function built(): Promise<Readonly<Record<string, string>>> {
  sources ??= esbuild
    .build({
      entryPoints: ["caller", "callee", "klass"].map((name) => `${FIXTURES}/${name}.js`),
      bundle: true,
      write: false,
      format: "esm",
      target: "esnext",
      outdir: "/",
      external: ["cloudflare:workers"],
    })
    .then(({ outputFiles }) =>
      Object.fromEntries(
        outputFiles.map(({ path, text }) => [path.replace(/^.*\/|\.js$/g, ""), text]),
      ),
    );
  return sources;
}

async function workers(): Promise<readonly ClothWorker[]> {
  const code = await built();
  return [
    {
      name: "caller",
      source: code["caller"] ?? "",
      exports: ["default", "Loop", "Beside", "Counter", "Legacy", "early"],
      dials: {
        S: { to: "callee" },
        SGOLD: { to: "callee", props: { plan: "gold", deep: { list: [1] } } },
        API: { to: "callee#Api" },
        GOLD: { to: "callee#Api", props: { plan: "gold", deep: { list: [1] } } },
        PLAIN: { to: "callee#Plain" },
        BARE: { to: "callee#Bare" },
        KLASS: { to: "klass" },
        NOFETCH: { to: "nofetch" },
      },
      objects: { COUNTER: "Counter", LEGACY: "Legacy" },
    },
    {
      name: "callee",
      source: code["callee"] ?? "",
      exports: ["default", "Plain", "Bare", "Api", "beside", "Session"],
      dials: { KLASS: { to: "klass" } },
    },
    { name: "klass", source: code["klass"] ?? "", exports: ["default"] },
    { name: "nofetch", source: "export default { scheduled() {} };", exports: ["default"] },
  ];
}

/** Starts both sides; they share nothing. */
export async function startDuel(options: DuelOptions): Promise<Duel> {
  const given = await workers();
  const levels =
    options.level === undefined
      ? {}
      : Object.fromEntries(["callee", "klass", "nofetch"].map((name) => [name, options.level]));
  const start = async (isWoven: boolean): Promise<Runtime> =>
    startCloth({
      compatibilityDate: options.compatibilityDate,
      isWoven,
      workers: given,
      levels: levels as Record<string, IdentityLevel>,
      dir: `${options.dir}/${isWoven ? "woven" : "bare"}`,
    });
  const [bare, woven] = await Promise.all([start(false), start(true)]);
  const listed = await bare.fetch("caller", "http://caller.example/names");
  const names = (await listed.json()) as readonly string[];
  const one = async (runtime: Runtime, name: string): Promise<Finding> => {
    const url = `http://caller.example/?probe=${encodeURIComponent(name)}`;
    const response = await runtime.fetch("caller", url);
    const text = await response.text();
    return response.ok ? (JSON.parse(text) as Finding) : { broke: response.status, text };
  };
  return {
    names,
    async ask(name) {
      const [ofBare, ofWoven] = await Promise.all([one(bare, name), one(woven, name)]);
      return { bare: ofBare, woven: ofWoven };
    },
    async close() {
      await Promise.all([bare.close(), woven.close()]);
      await rm(options.dir, { recursive: true, force: true });
    },
  };
}
