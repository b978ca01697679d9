// Owns the published table as `heddle policy` reads it: what isolates decide by, not what was applied.
import type { DefaultAction, PolicyChunk } from "../../mesh/contract/policy.ts";
import type { ServiceChunk } from "../../mesh/contract/service.ts";
import type { Directory } from "../../mesh/contract/table.ts";
import { SYSTEM_NAMESPACE } from "../../mesh/contract/wiring.ts";
import { readFrame, wholeChunks } from "../../mesh/identity/table-frame.ts";
import { askControlBytes, type ControlTarget } from "../client.ts";
import { CliError, EXIT } from "../exit.ts";

/** The table, its chunks parsed when asked for. */
export interface Published {
  readonly trustDomain: string;
  readonly defaultAction: DefaultAction;
  /** `namespace/name`, in order. */
  readonly services: readonly string[];
  service(name: string): ServiceChunk | null;
  /** Policies of a Worker; null where none selects it. */
  policy(workload: string): PolicyChunk | null;
}

/** Fetches the published table. */
export async function readPublished(target: ControlTarget): Promise<Published> {
  const frame = readFrame(await askControlBytes(target, "/v1/table"));
  const decoder = new TextDecoder();
  const directory = frame && (JSON.parse(decoder.decode(frame.directory)) as Directory);
  const chunkOf = frame && directory && wholeChunks(directory, frame.body);
  if (!directory || !chunkOf) {
    throw new CliError(EXIT.failed, {
      message: "the published table cannot be read",
      mend: "This heddle and that control may be too far apart: compare `heddle version`.",
    });
  }
  const parsed = <T>(id: string): T | null => {
    const bytes = chunkOf(id);
    return bytes && (JSON.parse(decoder.decode(bytes)) as T);
  };
  return {
    trustDomain: directory.trustDomain,
    defaultAction: directory.defaults.authorization?.defaultAction ?? "allow-bound",
    services: Object.keys(directory.chunks)
      .flatMap((id) => (id.startsWith("service:") ? [id.slice(8)] : []))
      .filter((id) => !id.startsWith(`${SYSTEM_NAMESPACE}/`))
      .toSorted(),
    service: (name) => parsed<ServiceChunk>(`service:${name}`),
    policy: (workload) => parsed<PolicyChunk>(`policy:${workload}`),
  };
}
