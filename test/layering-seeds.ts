// One file per way to break a rule of layering, each for the tree that keeps them all.

/** A file that breaks one rule, laid into the clean tree. */
export interface Seed {
  readonly kind: string;
  readonly path: string;
  readonly source: string;
  /** The rule that must name this file. */
  readonly rule: string;
}

const layering = "boundaries(dependencies)";

/** Every file that must be caught. */
export const violations: readonly Seed[] = [
  {
    kind: "the data plane imports the simulator",
    path: "mesh/platform/seed-simulator.ts",
    source: `import { world } from "../simulator/core/world.ts";\nexport const a = world;\n`,
    rule: layering,
  },
  {
    kind: "the simulator's core imports what is built on it",
    path: "mesh/simulator/core/seed-edge.ts",
    source: `import { worker } from "../edge/worker.ts";\nexport const a = worker;\n`,
    rule: layering,
  },
  {
    kind: "the simulator's core names a type of what is built on it",
    path: "mesh/simulator/core/seed-type.ts",
    source: `export type A = typeof import("../edge/worker.ts").worker;\n`,
    rule: layering,
  },
  {
    kind: "the simulator's core imports the data plane",
    path: "mesh/simulator/core/seed-chains.ts",
    source: `import { outbound } from "../../chains/outbound.ts";\nexport const a = outbound;\n`,
    rule: layering,
  },
  {
    kind: "the simulator's core imports a package",
    path: "mesh/simulator/core/seed-package.ts",
    source: `import { decodeJwt } from "jose";\nexport const a = decodeJwt;\n`,
    rule: layering,
  },
  {
    kind: "filter imports filter",
    path: "mesh/filters/retry/seed-value.ts",
    source: `import { fault } from "../fault/fault.ts";\nexport const a = fault;\n`,
    rule: layering,
  },
  {
    kind: "control imports chains",
    path: "control/seed-chains.ts",
    source: `import { outbound } from "../mesh/chains/outbound.ts";\nexport const a = outbound;\n`,
    rule: layering,
  },
  {
    kind: "contract names a type of pipeline",
    path: "mesh/contract/seed-type.ts",
    source: `import type { Context } from "../pipeline/context.ts";\nexport type A = Context;\n`,
    rule: layering,
  },
  {
    kind: "contract names a type of pipeline by import()",
    path: "mesh/contract/seed-import-type.ts",
    source: `export type A = import("../pipeline/context.ts").Context;\n`,
    rule: layering,
  },
  {
    kind: "contract imports the schemas",
    path: "mesh/contract/seed-schema.ts",
    source: `import { originSchema } from "./resources/mesh.ts";\nexport const a = originSchema;\n`,
    rule: layering,
  },
  {
    kind: "gateway imports an object's class",
    path: "gateway/seed-object.ts",
    source: `import { Registry } from "../durable-objects/registry/object.ts";\nexport const a = Registry;\n`,
    rule: layering,
  },
  {
    kind: "object re-exports object",
    path: "durable-objects/circuit-breaker/seed-object.ts",
    source: `export { Registry } from "../registry/object.ts";\n`,
    rule: layering,
  },
  {
    kind: "algorithm imports a filter at run time",
    path: "mesh/algorithms/hash/seed-dynamic.ts",
    source: `export const a = (): Promise<unknown> => import("../../filters/retry/retry.ts");\n`,
    rule: layering,
  },
  {
    kind: "shop imports the mesh",
    path: "workers/shop/front/seed-mesh.ts",
    source: `import { fnv } from "../../../mesh/algorithms/hash/fnv.ts";\nexport const a = fnv;\n`,
    rule: layering,
  },
  {
    kind: "shop bundles another Worker",
    path: "workers/shop/front/seed-cart.ts",
    source: `import cart from "../cart/index.ts";\nexport const a = cart;\n`,
    rule: layering,
  },
  {
    kind: "command line starts from control's Worker",
    path: "cli/seed-control.ts",
    source: `import app from "../control/index.ts";\nexport const a = app;\n`,
    rule: layering,
  },
  {
    kind: "jose outside its door",
    path: "mesh/identity/seed-jose.ts",
    source: `import { decodeJwt } from "jose";\nexport const a = decodeJwt;\n`,
    rule: layering,
  },
  {
    kind: "data plane behind jose's door",
    path: "mesh/platform/seed-jose.ts",
    source: `import { subject } from "../identity/jose/token.ts";\nexport const a = subject;\n`,
    rule: layering,
  },
  {
    kind: "zod in the data plane",
    path: "mesh/pipeline/seed-zod.ts",
    source: `import * as z from "zod";\nexport const a = z.string();\n`,
    rule: layering,
  },
  {
    kind: "bindings outside the platform",
    path: "mesh/filters/retry/seed-env.ts",
    source: `import { env } from "cloudflare:workers";\nexport const a: unknown = env;\n`,
    rule: layering,
  },
  {
    kind: "undeclared folder",
    path: "mesh/utils/u.ts",
    source: `export const a = 1;\n`,
    rule: "boundaries(no-unknown-files)",
  },
  {
    kind: "named import of zod",
    path: "control/seed-zod.ts",
    source: `import { z } from "zod";\nexport const a = z.string();\n`,
    rule: "heddle(zod-namespace)",
  },
  {
    kind: "ambient clock in a filter",
    path: "mesh/filters/retry/seed-now.ts",
    source: `export const a = (): number => Date.now();\n`,
    rule: "eslint(no-restricted-properties)",
  },
  {
    kind: "ambient date in an algorithm",
    path: "mesh/algorithms/hash/seed-date.ts",
    source: `export const a = (): Date => new Date();\n`,
    rule: "heddle(no-ambient-date)",
  },
  {
    kind: "ambient randomness in an object",
    path: "durable-objects/registry/seed-random.ts",
    source: `export const a = (): number => Math.random();\n`,
    rule: "eslint(no-restricted-properties)",
  },
  {
    kind: "301 lines",
    path: "mesh/algorithms/hash/seed-long.ts",
    source: `export const a = [\n${"  1,\n".repeat(299)}];\n`,
    rule: "eslint(max-lines)",
  },
  {
    kind: "61 lines in a function",
    path: "mesh/algorithms/hash/seed-function.ts",
    source: `export function a(): number[] {\n  return [\n${"    1,\n".repeat(57)}  ];\n}\n`,
    rule: "eslint(max-lines-per-function)",
  },
  {
    kind: "default export in the mesh",
    path: "mesh/pipeline/seed-default.ts",
    source: `export default 1;\n`,
    rule: "import(no-default-export)",
  },
  {
    kind: "cycle",
    path: "mesh/pipeline/seed-cycle.ts",
    source: `import { b } from "./seed-cycle-b.ts";\nexport const a = (): number => b();\n`,
    rule: "import(no-cycle)",
  },
  {
    kind: "cycle",
    path: "mesh/pipeline/seed-cycle-b.ts",
    source: `import { a } from "./seed-cycle.ts";\nexport const b = (): number => a();\n`,
    rule: "import(no-cycle)",
  },
  {
    kind: "forgotten promise",
    path: "mesh/pipeline/seed-promise.ts",
    source: `export function a(work: () => Promise<void>): void {\n  work();\n}\n`,
    rule: "typescript(no-floating-promises)",
  },
  {
    kind: "switch that misses a member",
    path: "mesh/pipeline/seed-switch.ts",
    source: `import type { Origin } from "../contract/reasons.ts";

export function a(origin: Origin): number {
  switch (origin) {
    case "local":
      return 1;
  }
  return 2;
}
`,
    rule: "typescript(switch-exhaustiveness-check)",
  },
  {
    kind: "any",
    path: "mesh/pipeline/seed-any.ts",
    source: `export const a = (value: any): unknown => value;\n`,
    rule: "typescript(no-explicit-any)",
  },
  {
    kind: "import without an extension",
    path: "mesh/chains/seed-extension.ts",
    source: `import { retry } from "../filters/retry/retry";\nexport const a = retry;\n`,
    rule: "import(extensions)",
  },
  {
    kind: "log line in the data plane",
    path: "mesh/pipeline/seed-console.ts",
    source: `export const a = (): void => console.log("x");\n`,
    rule: "eslint(no-console)",
  },
  {
    kind: "file name in camel case",
    path: "mesh/pipeline/seedName.ts",
    source: `export const a = 1;\n`,
    rule: "unicorn(filename-case)",
  },
];
