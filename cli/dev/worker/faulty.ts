// Owns putting the faults of /dev/faults between an object class and whoever calls it.
import { DurableObject } from "cloudflare:workers";
import { ask, suffer, type Answer } from "./ask.ts";
import { NODE_BINDING } from "./node-binding.ts";

interface Env {
  readonly [NODE_BINDING]: Fetcher;
}

type ObjectClass = new (ctx: DurableObjectState, env: Env) => DurableObject;
type Methods = Record<string, (...args: readonly unknown[]) => unknown>;

/** The same class to its callers; each call asks first, and may throw, wait, restart the object or find it forgetful. */
export function faulty(name: string, Inner: ObjectClass): ObjectClass {
  class Faulty extends DurableObject<Env> {
    #inner: DurableObject;
    #keks: Answer["keks"] = null;
    #seen: Pick<Answer, "restarts" | "evictions"> | undefined;

    constructor(ctx: DurableObjectState, env: Env) {
      super(ctx, env);
      this.#inner = new Inner(ctx, env);
    }

    async forward(method: string, args: readonly unknown[]): Promise<unknown> {
      const answer = await ask(this.env[NODE_BINDING], { targets: ["objects", `objects:${name}`] });
      const before = this.#seen ?? answer;
      this.#seen = answer;
      if (answer.restarts > before.restarts)
        this.ctx.abort(`${name} restarts (a fault of /dev/faults)`);
      const isRekeyed = answer.keks?.HEDDLE_KEK !== this.#keks?.HEDDLE_KEK;
      if (answer.evictions > before.evictions || isRekeyed) this.#begin(answer);
      await suffer(answer.effect, name);
      return await (this.#inner as unknown as Methods)[method]?.(...args);
    }

    /** Anew over what is stored, with the secrets it would be deployed with now. */
    #begin({ keks }: Answer): void {
      this.#keks = keks;
      this.#inner = new Inner(this.ctx, { ...this.env, ...keks });
    }
  }
  for (const method of methodsOf(Inner)) {
    Object.defineProperty(Faulty.prototype, method, {
      configurable: true,
      value: async function call(this: Faulty, ...args: readonly unknown[]): Promise<unknown> {
        return await this.forward(method, args);
      },
    });
  }
  return Faulty;
}

/** Names of the methods between a class and DurableObject. */
function methodsOf(Inner: ObjectClass): readonly string[] {
  const names = new Set<string>();
  let prototype = Inner.prototype as object;
  while (prototype !== DurableObject.prototype && prototype !== Object.prototype) {
    for (const name of Object.getOwnPropertyNames(prototype)) names.add(name);
    prototype = Object.getPrototypeOf(prototype) as object;
  }
  names.delete("constructor");
  return [...names];
}
