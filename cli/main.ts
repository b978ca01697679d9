// The `heddle` command as a process; the command tree is in program.ts.
import process from "node:process";
import { processIo } from "./io.ts";
import { runCli } from "./program.ts";

process.exitCode = await runCli(process.argv.slice(2), processIo());
