// Owns what a command may touch of its process: streams, environment, folder, signals.
// Commands take it as an argument, so that a test gives them another.
import process from "node:process";
import { text } from "node:stream/consumers";
import { EXIT } from "./exit.ts";

export interface Io {
  /** Data, and nothing else. */
  readonly out: (text: string) => void;
  /** Everything that is not data. */
  readonly err: (text: string) => void;
  readonly stdin: () => Promise<string>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Whether stderr takes colour. */
  readonly hasColor: boolean;
  /** Whether stdout is a terminal, whose screen may be drawn anew. Absent: it is none. */
  readonly isTerminal?: boolean;
  /** From now on SIGINT, SIGTERM and SIGHUP call this instead of ending the process. */
  readonly onStop: (stop: () => void) => void;
}

/** The Io of this process; SIGINT ends it with 130 until a command asks for the signal. */
export function processIo(): Io {
  let stop = (): void => process.exit(EXIT.interrupted);
  process.on("SIGINT", () => stop());
  process.stdout.on("error", ignoreClosedPipe);
  process.stderr.on("error", ignoreClosedPipe);
  return {
    out: (data) => void process.stdout.write(data),
    err: (data) => void process.stderr.write(data),
    stdin: () => text(process.stdin),
    env: process.env,
    cwd: process.cwd(),
    isTerminal: process.stdout.isTTY,
    hasColor: process.stderr.isTTY && !process.env["NO_COLOR"],
    onStop: (replacement) => {
      stop = replacement;
      process.on("SIGTERM", () => stop());
      process.on("SIGHUP", () => stop());
    },
  };
}

/** Who reads our output may leave before its end (`heddle get routes | head`); any other failure is one. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}
