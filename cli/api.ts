// Owns control's REST API as the CLI sees it: one function per request.
import type { Circuit, Convergence, Ref, Stat, WriteAnswer } from "../mesh/contract/api.ts";
import type { StoredResource } from "../mesh/contract/state.ts";
import { askControl, type ControlTarget } from "./client.ts";

/** Of these services (none: all), over a duration or `ever`. */
export async function statOf(
  target: ControlTarget,
  services: readonly string[],
  window: string,
): Promise<Stat> {
  const query = new URLSearchParams({
    window,
    ...(services.length === 0 ? {} : { service: services.join(",") }),
  });
  return await askControl(target, "GET", `/v1/stat?${query.toString()}`);
}

export const applyDocuments = async (
  target: ControlTarget,
  documents: readonly unknown[],
  dryRun: boolean,
): Promise<WriteAnswer> => await askControl(target, "POST", "/v1/apply", { documents, dryRun });

export const deleteRefs = async (
  target: ControlTarget,
  refs: readonly Ref[],
): Promise<WriteAnswer> => await askControl(target, "POST", "/v1/delete", { refs });

export const convergenceOf = async (target: ControlTarget, version: number): Promise<Convergence> =>
  await askControl(target, "GET", `/v1/convergence?version=${version}`);

/** All resources; of one kind, and of one namespace, where those are given. */
export async function listResources(
  target: ControlTarget,
  kind?: string,
  namespace?: string,
): Promise<readonly StoredResource[]> {
  const query = new URLSearchParams({
    ...(kind === undefined ? {} : { kind }),
    ...(namespace === undefined ? {} : { namespace }),
  });
  const list = await askControl<{ readonly items: readonly StoredResource[] }>(
    target,
    "GET",
    `/v1/resources?${query.toString()}`,
  );
  return list.items;
}

export const getResource = async (target: ControlTarget, ref: Ref): Promise<StoredResource> =>
  await askControl(
    target,
    "GET",
    `/v1/resources/${[ref.kind, ref.namespace ?? NO_NAMESPACE, ref.name].map(encodeURIComponent).join("/")}`,
  );

/** In the path of a kind that lives in no namespace. */
const NO_NAMESPACE = "_";

interface Circuits {
  readonly circuits: readonly Circuit[];
}

export const listCircuits = async (target: ControlTarget): Promise<readonly Circuit[]> =>
  (await askControl<Circuits>(target, "GET", "/v1/breakers")).circuits;

/** Trips or resets circuits of a service; answers them as they stand. */
export const steerCircuits = async (
  target: ControlTarget,
  steer: {
    readonly action: "trip" | "reset";
    readonly service: string;
    readonly endpoint?: string;
    readonly scope?: string;
  },
): Promise<readonly Circuit[]> =>
  (await askControl<Circuits>(target, "POST", "/v1/breakers", steer)).circuits;

export const versionOfControl = async (
  target: ControlTarget,
): Promise<{ readonly version: string; readonly mesh: string; readonly table: number }> =>
  await askControl(target, "GET", "/v1/version");
