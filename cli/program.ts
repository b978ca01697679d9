// Owns the command tree: what can be asked, with which options, and examples of each.
// A command's module is imported when it runs, so that --help stays fast.
import { Command, CommanderError, Option, type OptionValues } from "commander";
import { addBreaking } from "./breaking.ts";
import type { ApplyOptions } from "./commands/apply.ts";
import type { DeleteOptions } from "./commands/delete.ts";
import type { DevCommandOptions } from "./commands/dev.ts";
import type { GetOptions } from "./commands/get.ts";
import type { VersionOptions } from "./commands/version.ts";
import type { WeaveCommandOptions } from "./commands/weave.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import type { Io } from "./io.ts";
import { addObserving } from "./observing.ts";
import { type Add, collect, examples, output, port } from "./options.ts";
import { ownVersion } from "./own-version.ts";
import { addRouting } from "./routing.ts";
import { addSecuring } from "./securing.ts";

/** What a command came to. */
type Outcome = Promise<ExitCode>;

/** Runs one command line and says how the process is to end; never throws. */
export async function runCli(args: readonly string[], io: Io): Outcome {
  let exit: ExitCode = EXIT.ok;
  const program = buildProgram(io, (code) => (exit = code));
  try {
    await program.parseAsync(args, { from: "user" });
    return exit;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const { report } = await import("./output/complain.ts");
    return report(io, error);
  }
}

function buildProgram(io: Io, finish: (code: ExitCode) => void): Command {
  const program = new Command("heddle")
    .description("A service mesh for Cloudflare Workers.")
    .version(ownVersion(), "-V, --version", "print the version of heddle")
    .exitOverride()
    .configureOutput({ writeOut: io.out, writeErr: io.err })
    .showSuggestionAfterError()
    .helpCommand(false)
    .addHelpText(
      "after",
      examples(["heddle dev", "heddle apply -f mesh/ --wait", "heddle get routes -A"]),
    );
  const add = <O extends OptionValues>(
    define: (program: Command) => Command,
    run: (args: string[], options: O) => Outcome,
  ) =>
    define(program).action(async function action(this: Command) {
      finish(await run(this.args, this.opts<O>()));
    });
  addDev(add, io);
  addWeave(add, io);
  addApply(add, io);
  addGet(add, io);
  addDelete(add, io);
  addObserving(add, io);
  addRouting(add, io);
  addSecuring(add, io);
  addBreaking(add, io);
  addVersion(add, io);
  return program;
}

function addDev(add: Add, io: Io): void {
  add(
    (program) =>
      program
        .command("dev")
        .summary("run the whole mesh on this machine")
        .description(
          "Runs the whole mesh of a project on loopback, in one process, and watches its files.",
        )
        .option("--project <dir>", "folder of mesh.yaml", ".")
        .option("--port <n>", "port of the gateway, 0 picks a free one", port, 8787)
        .option("--control-port <n>", "port of control, 0 picks a free one", port, 8788)
        .option("--ready-file <file>", "also write the ready object to this file")
        .option("--fresh", "forget the state kept in .heddle/state")
        .addOption(new Option("-o, --output <form>").choices(["json"]).default("json").hideHelp())
        .addHelpText(
          "after",
          examples([
            "heddle dev",
            "heddle dev --project workers/shop --port 0 --control-port 0",
            "heddle dev --fresh --ready-file /tmp/ready.json",
          ]),
        ),
    async (_args, options: DevCommandOptions) =>
      await (await import("./commands/dev.ts")).dev(io, options),
  );
}

function addWeave(add: Add, io: Io): void {
  add(
    (program) =>
      program
        .command("weave")
        .summary("weave Workers for wrangler deploy")
        .description("Builds Workers with wrangler, weaves them and points wrangler at the result.")
        .argument("[workers...]", "folders or wrangler files; default: all of mesh.yaml")
        .option("--project <dir>", "folder of mesh.yaml, or one below it", ".")
        .option("--env <name>", "environment of the wrangler files")
        .option("--tag <tag>", "version tag, by which these versions can be revoked")
        .addOption(output(["table", "json", "yaml", "name"]))
        .addHelpText(
          "after",
          examples([
            "heddle weave",
            "heddle weave --tag v42 && wrangler deploy --tag v42",
            "heddle weave workers/cart --env production",
            "heddle weave -o json",
          ]),
        ),
    async (args, options: WeaveCommandOptions) =>
      await (await import("./commands/weave.ts")).weave(io, args, options),
  );
}

function addApply(add: Add, io: Io): void {
  add(
    (program) =>
      program
        .command("apply")
        .summary("create or change resources")
        .description("Creates or changes the resources of YAML or JSON files, all or none.")
        .requiredOption("-f, --filename <file|dir|->", "may be given several times", collect)
        .option("--wait", "return once the new table is in use everywhere")
        .option("--dry-run", "check and compare, change nothing")
        .addOption(output(["table", "json", "yaml", "name"]))
        .addHelpText(
          "after",
          examples([
            "heddle apply -f mesh/",
            "heddle apply -f routes.yaml --wait",
            "generate-routes | heddle apply -f - --dry-run -o json",
          ]),
        ),
    async (_args, options: ApplyOptions) =>
      await (await import("./commands/apply.ts")).apply(io, options),
  );
}

function addGet(add: Add, io: Io): void {
  add(
    (program) =>
      program
        .command("get")
        .summary("show resources")
        .description("Shows one resource, or all of a kind.")
        .argument("<kind>", "singular, plural or short name, in any case")
        .argument("[name]")
        .option("-n, --namespace <ns>", "namespace", "default")
        .option("-A, --all-namespaces", "of every namespace")
        .addOption(output(["table", "json", "yaml", "name"]))
        .addHelpText(
          "after",
          examples([
            "heddle get services",
            "heddle get route reviews -o yaml",
            "heddle get mesh -o json",
          ]),
        ),
    async (args, options: GetOptions) =>
      await (await import("./commands/get.ts")).get(io, args, options),
  );
}

function addDelete(add: Add, io: Io): void {
  add(
    (program) =>
      program
        .command("delete")
        .summary("remove resources")
        .description("Removes the resources of files, or one by kind and name.")
        .argument("[kind]", "singular, plural or short name, in any case")
        .argument("[name]")
        .option("-f, --filename <file|dir|->", "may be given several times", collect)
        .option("-n, --namespace <ns>", "namespace of the one named", "default")
        .option("--wait", "return once the new table is in use everywhere")
        .addOption(output(["table", "json", "yaml", "name"]))
        .addHelpText(
          "after",
          examples(["heddle delete -f routes.yaml", "heddle delete route reviews -n shop"]),
        ),
    async (args, options: DeleteOptions) =>
      await (await import("./commands/delete.ts")).remove(io, args, options),
  );
}

function addVersion(add: Add, io: Io): void {
  add(
    (program) =>
      program
        .command("version")
        .summary("show the versions of heddle and of control")
        .addOption(output(["table", "json", "yaml", "name"]))
        .addHelpText("after", examples(["heddle version", "heddle version -o json"])),
    async (_args, options: VersionOptions) =>
      await (await import("./commands/version.ts")).version(io, options),
  );
}
