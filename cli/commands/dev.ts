// Owns `heddle dev`: options in, the ready line out, a clean end on SIGINT and SIGTERM.
import path from "node:path";
import { EXIT, type ExitCode } from "../exit.ts";
import type { Io } from "../io.ts";
import { startDev } from "../dev/dev.ts";

export interface DevCommandOptions {
  readonly project: string;
  readonly port: number;
  readonly controlPort: number;
  readonly readyFile?: string;
  readonly fresh?: boolean;
}

/** Runs the mesh of a project until it is told to stop. */
export async function dev(io: Io, options: DevCommandOptions): Promise<ExitCode> {
  const stop = new AbortController();
  io.onStop(() => stop.abort());
  try {
    const mesh = await startDev({
      project: path.resolve(io.cwd, options.project),
      port: options.port,
      controlPort: options.controlPort,
      fresh: options.fresh ?? false,
      ...(options.readyFile === undefined
        ? {}
        : { readyFile: path.resolve(io.cwd, options.readyFile) }),
      signal: stop.signal,
      log: (line) => io.err(`${line}\n`),
    });
    io.out(`${JSON.stringify(mesh.ready)}\n`);
    if (stop.signal.aborted) void mesh.close();
    stop.signal.addEventListener("abort", () => void mesh.close());
    await mesh.closed;
    return EXIT.ok;
  } catch (error) {
    if (stop.signal.aborted) return EXIT.ok;
    throw error;
  }
}
