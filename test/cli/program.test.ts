// The command line itself: its version, and a reader that does not read to the end.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { EXIT } from "../../cli/exit.ts";
import { runCli } from "../../cli/program.ts";
import { captureIo } from "./fake-control.ts";

const ROOT = path.join(import.meta.dirname, "../..");

test("--version prints the version of the package, and nothing else", async () => {
  const file = readFileSync(path.join(ROOT, "package.json"), "utf8");
  const { version } = JSON.parse(file) as { readonly version: string };
  for (const option of ["--version", "-V"]) {
    const io = captureIo();
    expect(await runCli([option], io)).toBe(EXIT.ok);
    expect([io.stdout(), io.stderr()]).toEqual([`${version}\n`, ""]);
  }
});

test("a reader that leaves before the end of the output is no failure", async () => {
  const child = spawn(process.execPath, [path.join(ROOT, "cli/bin.js"), "--help"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stdout.destroy();
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);
  expect({ said, code }).toEqual({ said: "", code: EXIT.ok });
});
