// A small tree for layering.test.ts that keeps every rule.

/** A tree by path; every file of it must pass. */
export const clean: Readonly<Record<string, string>> = {
  "mesh/contract/reasons.ts": `/** Ours or theirs. */\nexport type Origin = "local" | "upstream";\n`,
  "mesh/contract/resources/mesh.ts": `import * as z from "zod";
import type { Origin } from "../reasons.ts";

export const originSchema: z.ZodType<Origin> = z.enum(["local", "upstream"]);
`,
  "mesh/algorithms/hash/fnv.ts": `export function fnv(text: string): number {
  return text.length;
}
`,
  "mesh/identity/mac.ts": `import { fnv } from "../algorithms/hash/fnv.ts";

export function mac(text: string): number {
  return fnv(text);
}
`,
  "mesh/identity/jose/token.ts": `import { decodeJwt } from "jose";

export function subject(token: string): string | undefined {
  return decodeJwt(token).sub;
}
`,
  "mesh/pipeline/context.ts": `import type { Origin } from "../contract/reasons.ts";

export interface Context {
  readonly origin: Origin;
  readonly nowMs: number;
}
`,
  "mesh/filters/fault/options.ts": `export interface FaultOptions {
  readonly share: number;
}
`,
  "mesh/filters/fault/fault.ts": `import { fnv } from "../../algorithms/hash/fnv.ts";
import type { Context } from "../../pipeline/context.ts";
import type { FaultOptions } from "./options.ts";

export function fault(context: Context, options: FaultOptions): string {
  return new Date(context.nowMs + fnv("a") * options.share).toISOString();
}
`,
  "mesh/filters/retry/retry.ts": `export function retry(): number {
  return 1;
}
`,
  "mesh/chains/outbound.ts": `import { fault } from "../filters/fault/fault.ts";
import { retry } from "../filters/retry/retry.ts";

export const outbound = [fault, retry] as const;
`,
  "mesh/platform/clock.ts": `import { env } from "cloudflare:workers";

export const clock = { now: (): number => Date.now(), env };
`,
  "mesh/simulator/core/random.ts": `export const random = (): number => 0.5;\n`,
  "mesh/simulator/core/world.ts": `import process from "node:process";
import { random } from "./random.ts";

export const world = { random, wait: process.nextTick };
`,
  "mesh/simulator/edge/worker.ts": `import { randomUUID } from "node:crypto";
import { outbound } from "../../chains/outbound.ts";
import { world } from "../core/world.ts";

export const worker = { world, outbound, id: randomUUID };
`,
  "mesh/weave/wrap.ts": `import { outbound } from "../chains/outbound.ts";
import { clock } from "../platform/clock.ts";

export const wrapped = [outbound, clock] as const;
`,
  "mesh/index.ts": `export { wrapped } from "./weave/wrap.ts";\n`,
  "control/compile/compile.ts": `import { originSchema } from "../../mesh/contract/resources/mesh.ts";
import { subject } from "../../mesh/identity/jose/token.ts";

export function compile(value: unknown, token: string): unknown {
  return [originSchema.parse(value), subject(token)];
}
`,
  "control/index.ts": `import { Hono } from "hono";

const app = new Hono();
export default app;
`,
  "durable-objects/circuit-breaker/object.ts": `export class CircuitBreaker {
  readonly kind: string = "breaker";
}
`,
  "durable-objects/registry/object.ts": `import { fnv } from "../../mesh/algorithms/hash/fnv.ts";

export class Registry {
  readonly kind: number = fnv("registry");
}
`,
  "durable-objects/index.ts": `export { CircuitBreaker } from "./circuit-breaker/object.ts";
export { Registry } from "./registry/object.ts";
`,
  "gateway/index.ts": `import { outbound } from "../mesh/chains/outbound.ts";

export default { fetch: (): Response => Response.json(outbound.length) };
`,
  "workers/shop/cart/index.ts": `export interface Cart {
  readonly total: number;
}
console.log("user code may log");
export default { fetch: (): Response => new Response("cart") };
`,
  "workers/shop/front/index.ts": `import { Router } from "itty-router";
import type { Cart } from "../cart/index.ts";

const router = Router();
router.get("/", (): Cart => ({ total: Date.now() }));
export default router;
`,
  "cli/main.ts": `import { readFileSync } from "node:fs";
import { compile } from "../control/compile/compile.ts";

console.log(compile(readFileSync("x", "utf8"), ""));
`,
  "test/any.test.ts": `import { retry } from "../mesh/filters/retry/retry.ts";
import { expect, it } from "vitest";

it("sees everything", () => {
  expect(retry()).toBe(1);
});
`,
};
