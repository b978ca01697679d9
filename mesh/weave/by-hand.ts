// Joining by hand: the same chains, asked for in the Worker's own code. A thin facade and nothing more.
import { env, WorkerEntrypoint } from "cloudflare:workers";
import { BINDINGS, type Wiring } from "../contract/wiring.ts";
import { problem } from "../pipeline/problem.ts";
import type { EntrypointClass } from "./entrypoint.ts";
import type { Runtime } from "./frame.ts";
import { shareExports } from "./platform-exports.ts";
import { start } from "./start.ts";

let runtime: Runtime | null | undefined;

/** The isolate's one runtime; null where the Worker was not told its place in the mesh. */
function own(): Runtime | null {
  if (runtime === undefined) {
    const raw = (env as unknown as Record<string, unknown>)[BINDINGS.wiring];
    const wiring =
      typeof raw === "string" ? (JSON.parse(raw) as Wiring) : ((raw as Wiring | undefined) ?? null);
    runtime = wiring === null ? null : start(env as unknown as Record<string, unknown>, wiring);
    if (runtime !== null) shareExports(runtime.inlet.loop);
    // Dev's entry of this Worker exports it; outside dev there is neither.
    if (wiring?.dev === true) Reflect.set(globalThis, Symbol.for("heddle.dev"), runtime?.dev);
  }
  return runtime;
}
own();

/**
 * Joins the default export: `export default mesh(app)`. Takes a handler object or a WorkerEntrypoint class.
 * Without HEDDLE_WIRING every request is answered 503: errors deny.
 */
export function mesh(app: object): unknown {
  return own()?.weave("default", app) ?? { fetch: () => problem("no_table", "", false) };
}

/**
 * Joins a named entrypoint or Durable Object class: `export const Payments = meshed(class extends WorkerEntrypoint { … })`.
 * A class that extends the result is refused when it is constructed.
 */
export function meshed<C extends EntrypointClass>(made: C, name: string = made.name): C {
  const woven = own()?.weave(name, made) ?? class extends WorkerEntrypoint {};
  return sealed(woven as EntrypointClass) as C;
}

/** A subclass's own methods would lie behind `dispatch`, unreachable: better refused than lost. */
function sealed(woven: EntrypointClass): EntrypointClass {
  return class Sealed extends woven {
    constructor(ctx: ExecutionContext, given: Cloudflare.Env) {
      super(ctx, given);
      if (new.target !== Sealed)
        throw new TypeError(
          "A class may not extend meshed(Base): extend Base, and pass the result to meshed().",
        );
    }
  };
}
