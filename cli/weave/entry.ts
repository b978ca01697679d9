// Owns the text of the modules weaving adds: wiring, boot and entry.
import path from "node:path";
import { BINDINGS, type Wiring } from "../../mesh/contract/wiring.ts";
import { DEV_EXPORT, FRONT_EXPORT, RUNS_EXPORT, WOVEN_FILES } from "./weavable.ts";

/** `heddle-wiring.js`: what the Worker is told. */
export const wiringModule = (wiring: Wiring): string =>
  `export default ${JSON.stringify(wiring, null, 1)};\n`;

/** `heddle-boot.js`: patches `env` before any module of the user's runs. */
export const bootModule = (): string =>
  [
    `import { env } from "cloudflare:workers";`,
    `import { start } from "./${WOVEN_FILES.dataPlane}";`,
    `import wiring from "./${WOVEN_FILES.wiring}";`,
    `export const runtime = start(env, wiring);`,
    "",
  ].join("\n");

/** `heddle-boot.js` of the mesh's own Workers: they read their wiring from `env`, which holds no variable so long. */
export const envModule = (): string =>
  [
    `import { env } from "cloudflare:workers";`,
    `import wiring from "./${WOVEN_FILES.wiring}";`,
    `env.${BINDINGS.wiring} = wiring;`,
    "",
  ].join("\n");

/** `heddle-entry.js` of the mesh's own Workers: their main module, after their wiring. */
export const systemEntry = (main: string): string =>
  [
    `import "./${WOVEN_FILES.boot}";`,
    `export * from ${JSON.stringify(main)};`,
    `export { default } from ${JSON.stringify(main)};`,
    "",
  ].join("\n");

/** `heddle-entry.js` of a Worker that joins by hand, in dev only: its exports as they are, and what its mesh left. */
export function handModule({
  main,
  exports,
  hasAssets,
}: Pick<Entry, "main" | "exports" | "hasAssets">): string {
  const quoted = JSON.stringify(`./${path.posix.normalize(main)}`);
  const names = hasAssets ? `default, default as ${FRONT_EXPORT}` : "default";
  return [
    `import { WorkerEntrypoint } from "cloudflare:workers";`,
    `export * from ${quoted};`,
    ...(exports.includes("default") ? [`export { ${names} } from ${quoted};`] : []),
    `export const ${DEV_EXPORT} = globalThis[Symbol.for("heddle.dev")] ?? class extends WorkerEntrypoint {};`,
    "",
  ].join("\n");
}

/** What the entry leads to. */
export interface Entry {
  /** Name of the built main module. */
  readonly main: string;
  /** What it exports. */
  readonly exports: readonly string[];
  readonly isDev: boolean;
  /** A dev module watches the user's exports before they are woven, and exports what it counted. */
  readonly hasDevModule: boolean;
  /** The default export is exported by a name, too: a binding to that one is not answered by the assets. */
  readonly hasAssets: boolean;
}

/** `heddle-entry.js`, the main module: every export of the user's, woven, and none left open. */
export function entryModule(entry: Entry): string {
  const { main, exports, isDev, hasDevModule, hasAssets } = entry;
  const lines = [`import { runtime } from "./${WOVEN_FILES.boot}";`];
  if (hasDevModule) {
    lines.push(`import { watch, ${RUNS_EXPORT} } from "./${WOVEN_FILES.dev}";`);
    lines.push(`export { ${RUNS_EXPORT} };`);
  }
  lines.push(`import * as user from ${JSON.stringify(`./${path.posix.normalize(main)}`)};`);
  if (hasDevModule) lines.push("watch(user);");
  exports.forEach((name, index) => lines.push(...wovenExport(name, index, hasAssets)));
  if (isDev) lines.push(`export const ${DEV_EXPORT} = runtime.dev;`);
  return `${lines.join("\n")}\n`;
}

function wovenExport(name: string, index: number, hasAssets: boolean): readonly string[] {
  const quoted = JSON.stringify(name);
  const isIdentifier = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200C\u200D]*$/u.test(name);
  const value = `runtime.weave(${quoted}, ${isIdentifier ? `user.${name}` : `user[${quoted}]`})`;
  if (name === "default" && hasAssets)
    return [`const front = ${value};`, `export { front as default, front as ${FRONT_EXPORT} };`];
  if (name === "default") return [`export default ${value};`];
  return [
    `const w${index} = ${value};`,
    `export { w${index} as ${isIdentifier ? name : quoted} };`,
  ];
}
