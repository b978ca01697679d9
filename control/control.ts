// Owns what a request to control works with: the objects, KV, the clock; made anew for each request.
import type { Compiled } from "./compile/compile.ts";
import type {
  CircuitBreakerApi,
  ConfigStoreApi,
  IssuerApi,
  RegistryApi,
  TelemetryApi,
} from "../mesh/contract/state.ts";

/** The KV namespace that isolates read. */
export interface TableKv {
  put(key: string, value: Uint8Array): Promise<void>;
  delete(key: string): Promise<void>;
}

/** Everything control's code may touch outside of itself. */
export interface Control {
  readonly store: ConfigStoreApi;
  readonly issuer: IssuerApi;
  readonly registry: RegistryApi;
  /** The object of a circuit, by its name. */
  circuit(object: string): Pick<CircuitBreakerApi, "trip" | "reset">;
  /** The object of a destination `namespace/name`. */
  telemetry(destination: string): TelemetryApi;
  readonly kv: TableKv;
  readonly clock: { now(): number; sleep(ms: number): Promise<void> };
  /** At least this long between two publications, ms. */
  readonly gapMs: number;
  /** Overrides the lease isolates hold a table for (dev); null: the table's own. */
  readonly leaseMs: number | null;
  waitUntil(work: Promise<unknown>): void;
  /** Control runs in `heddle dev`, where everything is on loopback. */
  readonly isDev: boolean;
  /** To other meshes. */
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** The last compilation of this isolate, from one request to the next. */
  readonly compiled: { last?: Compiled };
  /** Name of the token that asks; absent: control itself. */
  readonly by?: string;
}

/** The bindings of the control Worker. */
export interface ControlEnv {
  readonly CONFIG_STORE: ObjectNamespace<ConfigStoreApi>;
  readonly ISSUER: ObjectNamespace<IssuerApi>;
  readonly REGISTRY: ObjectNamespace<RegistryApi>;
  readonly CIRCUIT_BREAKER: ObjectNamespace<CircuitBreakerApi>;
  readonly TELEMETRY: ObjectNamespace<TelemetryApi>;
  readonly HEDDLE_TABLE: TableKv;
  /** Secret: the bearer token of the API. */
  readonly HEDDLE_TOKEN?: string;
  /** Dev: less than the one second between two publications, ms. */
  readonly HEDDLE_PUBLISH_GAP_MS?: string;
  /** Dev: the lease its Workers were woven with, ms. */
  readonly HEDDLE_LEASE_MS?: string;
  /** Dev: `1`; bundles of other meshes may be fetched from loopback. */
  readonly HEDDLE_IS_DEV?: string;
  /** Secret: a bearer token that is good for `/metrics` only; absent: HEDDLE_TOKEN alone is. */
  readonly HEDDLE_SCRAPE_TOKEN?: string;
  /** Secret: where errors are reported to; absent: nowhere. */
  readonly SENTRY_DSN?: string;
}

interface ObjectNamespace<T> {
  getByName(name: string): T;
}

/** KV takes one write a second and key. */
const PUBLISH_GAP_MS = 1000;
/** Every object is one per mesh, and a mesh has objects' Workers of its own. */
const ONE = "mesh";

/** Of the isolate: it holds no stub and no promise, so that any request may take it. */
const compiled: Control["compiled"] = {};

/** What one request works with; object stubs live no longer than it. */
export function createControl(
  env: ControlEnv,
  ctx: { waitUntil(work: Promise<unknown>): void },
): Control {
  return {
    store: env.CONFIG_STORE.getByName(ONE),
    issuer: env.ISSUER.getByName(ONE),
    registry: env.REGISTRY.getByName(ONE),
    circuit: (object) => env.CIRCUIT_BREAKER.getByName(object),
    telemetry: (destination) => env.TELEMETRY.getByName(destination),
    kv: env.HEDDLE_TABLE,
    clock: {
      now: () => Date.now(),
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    },
    gapMs: env.HEDDLE_PUBLISH_GAP_MS ? Number(env.HEDDLE_PUBLISH_GAP_MS) : PUBLISH_GAP_MS,
    leaseMs: env.HEDDLE_LEASE_MS ? Number(env.HEDDLE_LEASE_MS) : null,
    waitUntil: (work) => ctx.waitUntil(work),
    isDev: env.HEDDLE_IS_DEV === "1",
    fetch: (url, init) => fetch(url, init),
    compiled,
  };
}
