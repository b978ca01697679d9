// The bindings weaving added, captured once at module scope; the only code that knows their names in `env`.
import type { WorkloadApi } from "../contract/join.ts";
import type { PulseApi } from "../contract/pulse.ts";
import { BINDINGS, type Wiring } from "../contract/wiring.ts";
import type { EndpointBinding } from "../pipeline/isolate.ts";

/** Control, objects, KV, relay and key of one Worker; null where it is not bound to them. */
export interface MeshBindings {
  readonly control: WorkloadApi | null;
  readonly pulse: PulseApi | null;
  readonly table: { get(key: string, type: "arrayBuffer"): Promise<ArrayBuffer | null> } | null;
  readonly relay: EndpointBinding | null;
  readonly kek: string | null;
  /** By binding name: every HEDDLE_TO_n. */
  readonly endpoints: ReadonlyMap<string, EndpointBinding>;
  /** Static assets, under the user's name for them or ours; undefined without. */
  readonly assets: unknown;
}

/** Takes the mesh's bindings out of `env`: the application never sees them. */
export function captureBindings(env: Record<string, unknown>, wiring: Wiring): MeshBindings {
  const endpoints = new Map<string, EndpointBinding>();
  for (const name of Object.keys(env))
    if (name.startsWith(BINDINGS.endpointPrefix)) endpoints.set(name, env[name] as EndpointBinding);
  const kek = env[BINDINGS.kek];
  const captured: MeshBindings = {
    control: (env[BINDINGS.control] as MeshBindings["control"]) ?? null,
    pulse: (env[BINDINGS.pulse] as MeshBindings["pulse"]) ?? null,
    table: (env[BINDINGS.table] as MeshBindings["table"]) ?? null,
    relay: (env[BINDINGS.relay] as EndpointBinding | undefined) ?? null,
    kek: typeof kek === "string" ? kek : null,
    endpoints,
    assets: wiring.assets === null ? undefined : env[wiring.assets.binding],
  };
  for (const name of Object.values(BINDINGS)) delete env[name];
  for (const name of endpoints.keys()) delete env[name];
  return captured;
}
