// The data plane as a later build would be: every wire format one version up, with one more field behind those it has.
import { readFileSync } from "node:fs";
import path from "node:path";
import * as esbuild from "esbuild";
import { lateBeside } from "../../cli/bundle.ts";
import type { DataPlane } from "./cloth.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");
const NEWER = "newer";

/** By source file: what stands there, and what the later build would have. */
const CHANGES: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  "mesh/contract/context.ts": [["CONTEXT_FORMAT = 1", "CONTEXT_FORMAT = 2"]],
  "mesh/contract/identity.ts": [["PROOF_FORMAT = 1", "PROOF_FORMAT = 2"]],
  "mesh/contract/join.ts": [["JOIN_FORMAT = 1", "JOIN_FORMAT = 2"]],
  "mesh/contract/pulse.ts": [["PULSE_FORMAT = 1", "PULSE_FORMAT = 2"]],
  "mesh/contract/table.ts": [
    ["TABLE_FORMAT = 1", "TABLE_FORMAT = 2"],
    ["MESH_VERSION = 2", "MESH_VERSION = 3"],
  ],
  "mesh/pipeline/context.ts": [
    ["~${toField(baggage)}`;", `~\${toField(baggage)}~${NEWER}\`;`],
    [`=== "" && baggage === "" ? "" :`, `=== "never" ? "" :`],
  ],
  "mesh/identity/envelope.ts": [
    ["~c`;", `~c~${NEWER}\`;`],
    ["~${proof.slot}~${proof.mac}`", `~\${proof.slot}~\${proof.mac}~${NEWER}\``],
    ["~${proof.digest}~${proof.mac}`", `~\${proof.digest}~\${proof.mac}~${NEWER}\``],
  ],
  "mesh/identity/request.ts": [["~${digest}~${mac}`;", `~\${digest}~\${mac}~${NEWER}\`;`]],
  "mesh/identity/seed.ts": [["WRAP_FORMAT = 1", "WRAP_FORMAT = 2"]],
  "mesh/platform/sync.ts": [
    ["format: JOIN_FORMAT,", `format: JOIN_FORMAT, ${NEWER}: true,`],
    ["format: PULSE_FORMAT,", `format: PULSE_FORMAT, ${NEWER}: true,`],
  ],
  "mesh/filters/dispatch/dispatch.ts": [
    ["rpc.path, rpc.args])", `rpc.path, rpc.args, "${NEWER}"] as never)`],
  ],
};

/** Fails where the source no longer says what is to be changed: then this file has to follow. */
function changed(file: string, changes: readonly (readonly [string, string])[]): string {
  let text = readFileSync(path.join(ROOT, file), "utf8");
  for (const [from, to] of changes) {
    if (text.split(from).length !== 2) throw new Error(`${file} has not exactly one ${from}`);
    text = text.replace(from, () => to);
  }
  return text;
}

const ALL_PARTS = [
  "routes",
  "assets",
  "objects",
  "classes",
  "dev",
  "exports",
  "importedExports",
  "queues",
];

/** With every part. */
export async function laterBuild(): Promise<DataPlane> {
  const taken = new Set<string>();
  const { outputFiles } = await esbuild.build({
    entryPoints: { heddle: "mesh/weave/index.ts", late: "mesh/weave/late.ts" },
    absWorkingDir: ROOT,
    outdir: "out",
    bundle: true,
    write: false,
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    external: ["cloudflare:*", "node:*"],
    define: Object.fromEntries(ALL_PARTS.map((part) => [`HEDDLE_PARTS.${part}`, "true"])),
    plugins: [
      lateBeside,
      {
        name: "later-build",
        setup({ onLoad }) {
          onLoad({ filter: /\.ts$/ }, ({ path: file }) => {
            const name = path.relative(ROOT, file);
            const changes = CHANGES[name];
            if (changes === undefined) return undefined;
            taken.add(name);
            return { contents: changed(name, changes), loader: "ts" };
          });
        },
      },
    ],
  });
  const left = Object.keys(CHANGES).filter((name) => !taken.has(name));
  if (left.length > 0) throw new Error(`not in the bundle: ${left.join(", ")}`);
  const [text = "", late = ""] = outputFiles.map((file) => file.text);
  return { text, late };
}

/** A table's bytes with one more field in their header. */
export function laterFrame(table: Uint8Array): Uint8Array {
  const end = table.indexOf(NEWLINE);
  return Buffer.concat([table.subarray(0, end), Buffer.from(` ${NEWER}`), table.subarray(end)]);
}

const NEWLINE = 0x0a;

/** A member that no build of today knows, and a format one up. */
export const laterJson = <T extends object>(json: T): T => ({
  ...json,
  ...("format" in json ? { format: 2 } : {}),
  [NEWER]: { deep: [1] },
});
