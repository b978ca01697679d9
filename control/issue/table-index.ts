// Owns the published table as control reads it back: chunks on demand, and which services lie behind an endpoint.
import type { PortRoutes, ServiceChunk } from "../../mesh/contract/service.ts";
import type { Directory } from "../../mesh/contract/table.ts";
import { targetsOf } from "../compile/rules.ts";
import { type ChunkBytes, readFrame, wholeChunks } from "../../mesh/identity/table-frame.ts";

const SERVICE = "service:";
const decoder = new TextDecoder();

export interface TableIndex {
  readonly version: number;
  readonly bytes: Uint8Array;
  readonly directory: Directory;
  readonly directoryBytes: Uint8Array;
  readonly signature: Uint8Array;
  readonly chunk: ChunkBytes;
  /** Services by name; parsed at the first call. */
  services(): ReadonlyMap<string, ServiceChunk>;
}

/** Takes a table of our own making apart; throws where it is none. */
export function indexTable(bytes: Uint8Array): TableIndex {
  const frame = readFrame(bytes);
  const directory = frame && (JSON.parse(decoder.decode(frame.directory)) as Directory);
  const chunk = frame && directory && wholeChunks(directory, frame.body);
  if (!frame || !directory || !chunk) throw new Error("the stored table cannot be read");
  let services: ReadonlyMap<string, ServiceChunk> | null = null;
  return {
    version: directory.version,
    bytes,
    directory,
    directoryBytes: frame.directory,
    signature: frame.signature,
    chunk,
    services: () => (services ??= readServices(directory, chunk)),
  };
}

function readServices(directory: Directory, chunk: ChunkBytes): ReadonlyMap<string, ServiceChunk> {
  const ids = Object.keys(directory.chunks).filter((id) => id.startsWith(SERVICE));
  return new Map(
    ids.map((id) => {
      const service = JSON.parse(decoder.decode(chunk(id) ?? new Uint8Array())) as ServiceChunk;
      return [service.service, service];
    }),
  );
}

/** Services that the routes a caller of this namespace meets can lead to. */
export function routedTo(service: ServiceChunk, namespace: string): string[] {
  const routes: readonly PortRoutes[] = [service, service.rpc].flatMap((side) => [
    ...(side?.producer ?? []),
    ...(side?.consumer?.[namespace] ?? []),
  ]);
  return routes.flatMap(({ table }) =>
    table.rules.flatMap((rule) => targetsOf(rule).map(({ service }) => service)),
  );
}
