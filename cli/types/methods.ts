// Owns reading which RPC methods a Worker's entrypoints have: from its bundle as esbuild prints it, where a class and its
// members stand on lines of their own. Nothing of the Worker is run.
import { build } from "esbuild";

/** Methods by entrypoint; `default` is the default export. */
export type Methods = ReadonlyMap<string, ReadonlySet<string>>;

interface Class {
  readonly parent: string | undefined;
  readonly methods: readonly string[];
}

/** Never reached from outside. */
const RESERVED: ReadonlySet<string> = new Set(["constructor", "fetch", "connect", "alarm"]);
const HANDLERS: ReadonlySet<string> = new Set([
  "scheduled",
  "queue",
  "tail",
  "email",
  "trace",
  "test",
]);
const EXTERNAL = ["cloudflare:*", "node:*", "*.wasm", "*.html", "*.txt", "*.sql"];

/** The methods of a Worker's main module; null where it cannot be bundled so (a build of its own, for one). */
export async function methodsOf(main: string): Promise<Methods | null> {
  try {
    const { outputFiles } = await build({
      entryPoints: [main],
      bundle: true,
      write: false,
      format: "esm",
      platform: "neutral",
      mainFields: ["module", "main"],
      conditions: ["workerd", "worker", "browser"],
      external: EXTERNAL,
      logLevel: "silent",
    });
    return readMethods(outputFiles[0]?.text ?? "");
  } catch {
    return null;
  }
}

/** The same of a bundle's text. */
export function readMethods(text: string): Methods {
  const classes = classesIn(text);
  const found = new Map<string, ReadonlySet<string>>();
  for (const [local, exported] of exportsIn(text)) {
    const methods = membersOf(local, classes);
    const callable = methods.filter((name) => !RESERVED.has(name) && !HANDLERS.has(name));
    if (classes.has(local) && !isTarget(local, classes)) found.set(exported, new Set(callable));
  }
  return found;
}

/** Handed out by methods, and no entrypoint itself. */
function isTarget(name: string, classes: ReadonlyMap<string, Class>): boolean {
  const parent = classes.get(name)?.parent;
  return (
    parent === "RpcTarget" || (parent !== undefined && parent !== name && isTarget(parent, classes))
  );
}

/** Own methods and those of the classes it extends. */
function membersOf(name: string, classes: ReadonlyMap<string, Class>): readonly string[] {
  const own = classes.get(name);
  if (own === undefined) return [];
  return [
    ...own.methods,
    ...(own.parent === undefined || own.parent === name ? [] : membersOf(own.parent, classes)),
  ];
}

function classesIn(text: string): ReadonlyMap<string, Class> {
  const classes = new Map<string, Class>();
  const heads = text.matchAll(
    /^(?:(?:var|let|const) ([\w$]+) = (?:[\w$]+ = )?)?class(?: ([\w$]+))?(?: extends ([\w$.]+))? \{\n([\s\S]*?)^\}/gm,
  );
  for (const [, variable, name, parent, body = ""] of heads) {
    const key = variable ?? name;
    if (key === undefined) continue;
    const members = body.matchAll(/^ {2}(?:async )?(?:\*|get )?([A-Za-z_$][\w$]*)\(/gm);
    classes.set(key, { parent, methods: [...members].map(([, member = ""]) => member) });
  }
  return classes;
}

function exportsIn(text: string): readonly (readonly [local: string, exported: string])[] {
  const [, list = ""] = /^export \{\n([\s\S]*?)\n\};/m.exec(text) ?? [];
  return list.split(",").map((part) => {
    const [local = "", exported = local] = part.trim().split(" as ");
    return [local, exported] as const;
  });
}
