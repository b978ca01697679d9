// Owns bundling of what benches run in workerd: with the settings of the data plane, and from its sources.
import * as esbuild from "esbuild";
import { lateBeside, type Bundle } from "../cli/bundle.ts";

const SETTINGS = {
  bundle: true,
  write: false,
  format: "esm",
  minify: true,
  platform: "neutral",
  mainFields: ["module", "main"],
  conditions: ["workerd", "worker", "browser"],
  external: ["cloudflare:workers", "node:*"],
} satisfies esbuild.BuildOptions;

/** A data plane with its late part. */
export type DataPlane = Pick<Bundle, "text" | "late">;

/** A data plane made of a module's text, which imports from the repository's root, and the late part beside it. */
export async function bundleDataPlane(contents: string): Promise<DataPlane> {
  const { outputFiles } = await esbuild.build({
    ...SETTINGS,
    stdin: { contents, resolveDir: process.cwd(), loader: "ts" },
    entryPoints: { late: "mesh/weave/late.ts" },
    outdir: "out",
    plugins: [lateBeside],
  });
  const textOf = (name: string): string =>
    outputFiles.find((file) => file.path.endsWith(`/${name}.js`))?.text ?? "";
  return { text: textOf("stdin"), late: textOf("late") };
}

/** One file and all it imports. */
export async function bundleFile(file: string): Promise<string> {
  const { outputFiles } = await esbuild.build({ ...SETTINGS, entryPoints: [file] });
  return outputFiles[0]?.text ?? "";
}
