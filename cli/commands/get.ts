// Owns `heddle get`.
import type { StoredResource } from "../../mesh/contract/state.ts";
import { getResource, listResources } from "../api.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import type { Io } from "../io.ts";
import { toRows } from "../output/columns.ts";
import { print, type Form } from "../output/print.ts";
import { kindNamed } from "./kinds.ts";
import { findControl } from "./target.ts";

export interface GetOptions {
  readonly namespace: string;
  readonly allNamespaces?: boolean;
  readonly output: Form;
}

/** Shows one resource, or all of a kind. */
export async function get(
  io: Io,
  [word = "", name]: readonly string[],
  options: GetOptions,
): Promise<ExitCode> {
  const { kind, namespaced } = kindNamed(word);
  const target = findControl(io);
  const isAll = options.allNamespaces ?? false;
  const namespace = namespaced && !isAll ? options.namespace : undefined;
  const found: readonly StoredResource[] =
    name === undefined
      ? await listResources(target, kind, namespace)
      : [await getResource(target, { kind, namespace, name })];
  if (found.length === 0 && options.output === "table") {
    io.err(`no ${kind} ${namespace === undefined ? "in the mesh" : `in namespace ${namespace}`}\n`);
    return EXIT.ok;
  }
  await print(io, options.output, {
    data: name === undefined ? { items: found } : found[0],
    rows: toRows(found, kind, namespaced && isAll, Date.now()),
    names: found.map(({ metadata }) => `${kind}/${metadata.name}`),
  });
  return EXIT.ok;
}
