// Owns the file of `--ready-file`: it is there, and whole, exactly while its mesh answers.
import { existsSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { CliError, EXIT } from "../exit.ts";

export interface ReadyFile {
  announce(ready: object): void;
}

/** Forgets what an earlier run left there, and `later` this one; throws for a place where no file can be. */
export function openReadyFile(
  file: string | undefined,
  later: (leave: () => void) => void,
): ReadyFile {
  if (file === undefined) return { announce: () => undefined };
  const folder = path.dirname(file);
  if (!existsSync(folder)) throw wrong(`there is no folder ${folder}`);
  if (existsSync(file) && statSync(file).isDirectory()) throw wrong(`${file} is a folder`);
  // A pipe or a device is written to, and stays.
  const isPlain = !existsSync(file) || statSync(file).isFile();
  const leave = (): void => {
    if (isPlain) rmSync(file, { force: true });
  };
  leave();
  later(leave);
  return {
    announce(ready) {
      const text = `${JSON.stringify(ready)}\n`;
      if (!isPlain) return writeFileSync(file, text);
      // Who waits for the file must not read half of it.
      writeFileSync(`${file}.new`, text);
      renameSync(`${file}.new`, file);
    },
  };
}

const wrong = (message: string): CliError =>
  new CliError(EXIT.failed, { message, mend: "Choose another place with --ready-file." });
