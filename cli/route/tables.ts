// Owns where `heddle route test` looks: the table that files compile to, or the published one of a running mesh.
import { compile } from "../../control/compile/compile.ts";
import { storedOf, storedWorker } from "../../control/compile/offline.ts";
import type { Directory } from "../../mesh/contract/table.ts";
import { readFrame, wholeChunks } from "../../mesh/identity/table-frame.ts";
import type { AnalyzeInput } from "../analyze/scene.ts";
import { askControlBytes, type ControlTarget } from "../client.ts";
import { resourceOf } from "../commands/resource-of.ts";
import { CliError, EXIT } from "../exit.ts";

/** A table's chunks, parsed when asked for. */
export interface Tables {
  readonly source: string;
  chunk<T>(id: string): T | null;
}

const decoder = new TextDecoder();

/** The table of files; they are what `heddle apply` would take, or it says what is wrong. */
export function tablesOfFiles({ documents, workers, nowMs }: AnalyzeInput): Tables {
  const resources = documents.map((document) => storedOf(resourceOf(document)));
  const { directory, chunks } = compile({
    resources: [...resources, ...workers.map(storedWorker)],
    version: 1,
    previous: 0,
    nowMs,
  });
  const ids = Object.keys(directory.chunks);
  return {
    source: "files",
    chunk: (id) => parsed(chunks[ids.indexOf(id)]),
  };
}

/** The table a running mesh has published. */
export async function tablesOfMesh(target: ControlTarget): Promise<Tables> {
  const frame = readFrame(await askControlBytes(target, "/v1/table"));
  const directory = frame && (JSON.parse(decoder.decode(frame.directory)) as Directory);
  const bytesOf = frame && directory && wholeChunks(directory, frame.body);
  if (!directory || !bytesOf)
    throw new CliError(EXIT.failed, { message: "control answered something that is no table" });
  return {
    source: `table ${directory.version} of ${target.control}`,
    chunk: (id) => (Object.hasOwn(directory.chunks, id) ? parsed(bytesOf(id) ?? undefined) : null),
  };
}

const parsed = <T>(bytes: Uint8Array | undefined): T | null =>
  bytes === undefined ? null : (JSON.parse(decoder.decode(bytes)) as T);
