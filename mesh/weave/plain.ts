// A Worker that speaks no envelope, as an endpoint of the mesh: the relay's last step towards it.
import { PLAIN_PREFIX, type Wiring } from "../contract/wiring.ts";
import type { DispatchCall, EndpointBinding } from "../pipeline/isolate.ts";

/** A service binding as the platform has it. */
interface Bare {
  fetch(url: string, init?: RequestInit): Promise<Response>;
}

/** Puts an endpoint in the place of each binding to a plain Worker; must run before the bindings are captured. */
export function speakPlainly(env: Record<string, unknown>, { reach }: Wiring): void {
  for (const [key, entrypoints] of Object.entries(reach)) {
    if (!key.startsWith(PLAIN_PREFIX)) continue;
    for (const name of Object.values(entrypoints)) env[name] = endpoint(env[name] as Bare);
  }
}

/** What another Worker's `dispatch` would do is done here, over the binding: the Worker's own members, by its own rules. */
const endpoint = (bare: Bare): EndpointBinding => ({
  fetch: (url, init) => bare.fetch(url, init),
  dispatch: ([, path, args]) => walk(bare, path, args),
});

async function walk(bare: Bare, path: DispatchCall[1], args: DispatchCall[2]): Promise<unknown> {
  let owner: unknown = bare;
  for (const name of path.slice(0, -1)) owner = (owner as Record<string, unknown>)[name];
  const name = path.at(-1) ?? "";
  const at = owner as Record<string, (...given: readonly unknown[]) => unknown>;
  return args === null ? at[name] : at[name]?.(...args);
}
