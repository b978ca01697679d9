// Owns the commands about routes and what is written down: analyze, diff, route test, import, types.
import { Argument, InvalidArgumentError, Option } from "commander";
import type { AnalyzeOptions } from "./commands/analyze.ts";
import type { DiffOptions } from "./commands/diff.ts";
import type { ImportOptions } from "./commands/import.ts";
import type { RouteTestOptions } from "./commands/route-test.ts";
import type { TypesOptions } from "./commands/types.ts";
import type { Io } from "./io.ts";
import { type Add, collect, examples, output, port } from "./options.ts";

/** Adds them. */
export function addRouting(add: Add, io: Io): void {
  addAnalyze(add, io);
  addDiff(add, io);
  addRoute(add, io);
  addImport(add, io);
  addTypes(add, io);
}

function addAnalyze(add: Add, io: Io): void {
  add(
    (program) =>
      program
        .command("analyze")
        .summary("find mistakes in resources and Workers")
        .description(
          "Checks a project, or files, without applying anything; ends with 3 when something is wrong.",
        )
        .option("-f, --filename <file|dir|->", "files over those of the project", collect)
        .option("--project <dir>", "folder of mesh.yaml, or one below it", ".")
        .option("--live", "take what the running mesh holds beside them into account")
        .addOption(
          new Option("--fail-on <severity>", "what the exit code counts")
            .choices(["error", "warning"])
            .default("error"),
        )
        .addOption(output(["table", "json"]))
        .addHelpText(
          "after",
          examples([
            "heddle analyze",
            "heddle analyze -f routes.yaml --live",
            "heddle analyze --fail-on warning -o json",
          ]),
        ),
    async (_args, options: AnalyzeOptions) =>
      await (await import("./commands/analyze.ts")).analyzeFiles(io, options),
  );
}

function addDiff(add: Add, io: Io): void {
  add(
    (program) =>
      program
        .command("diff")
        .summary("show what applying would change")
        .description(
          "Compares a project, or files, with the running mesh; ends with 1 when they differ.",
        )
        .option("-f, --filename <file|dir|->", "files, in the place of the project", collect)
        .option("--project <dir>", "folder of mesh.yaml, or one below it", ".")
        .addOption(output(["table", "json"]))
        .addHelpText("after", examples(["heddle diff", "heddle diff -f routes.yaml -o json"])),
    async (_args, options: DiffOptions) =>
      await (await import("./commands/diff.ts")).diff(io, options),
  );
}

function addRoute(add: Add, io: Io): void {
  add(
    (program) =>
      program
        .command("route")
        .summary("ask which rule takes a request")
        .description(
          "Says which rule of the published table, or of files, takes a request and what the others lack.",
        )
        .addArgument(new Argument("<action>", "what to do").choices(["test"]))
        .argument("<method>", "method of the request")
        .argument("<url>", "whole URL of the request")
        .option("-H, --header <line>", "'name: value'; may be given several times", collect)
        .option("--from <ns/worker>", "the Worker that calls; absent: a client, through a Gateway")
        .option("--to <ns/service>", "the service its binding names; absent: the URL's host")
        .option("--gateway <ns/name>", "ask this Gateway's listeners of the URL's port only")
        .option("-f, --filename <file|dir|->", "files, in the place of the running mesh", collect)
        .option("--project <dir>", "folder of mesh.yaml, or one below it", ".")
        .addOption(output(["table", "json", "name"]))
        .addHelpText(
          "after",
          examples([
            "heddle route test GET http://shop.example/reviews/7",
            "heddle route test GET http://reviews/7 --from front -H 'end-user: jason'",
            "heddle route test POST http://shop.example/cart -f mesh/ -o json",
          ]),
        ),
    async (args, options: RouteTestOptions) =>
      await (await import("./commands/route-test.ts")).testRoute(io, args, options),
  );
}

function addImport(add: Add, io: Io): void {
  add(
    (program) =>
      program
        .command("import")
        .summary("translate another mesh's resources")
        .description(
          "Prints the resources that stand for VirtualServices, DestinationRules and Gateways of Istio, and names each field that has no counterpart.",
        )
        .addArgument(new Argument("<from>", "whose resources they are").choices(["istio"]))
        .requiredOption("-f, --filename <file|dir|->", "may be given several times", collect)
        .option("--port <n>", "port of destinations that name none", port, 80)
        .option("--faults-for <hours>", "how long injected faults last", hours, 24)
        .addOption(output(["yaml", "json"], "yaml"))
        .addHelpText(
          "after",
          examples([
            "heddle import istio -f istio/ > mesh/imported.yaml",
            "heddle import istio -f routes.yaml -o json | heddle apply -f - --dry-run",
            "kubectl get virtualservices -o yaml | heddle import istio -f -",
          ]),
        ),
    async (_args, options: ImportOptions) =>
      await (await import("./commands/import.ts")).importResources(io, options),
  );
}

function addTypes(add: Add, io: Io): void {
  add(
    (program) =>
      program
        .command("types")
        .summary("list the RPC methods of every Worker")
        .description("Prints the entrypoints and RPC methods of a project's Workers as TypeScript.")
        .option("--project <dir>", "folder of mesh.yaml, or one below it", ".")
        .option("--out <file>", "write to this file")
        .addOption(output(["ts", "json"], "ts"))
        .addHelpText("after", examples(["heddle types", "heddle types --out rpc-methods.d.ts"])),
    async (_args, options: TypesOptions) =>
      await (await import("./commands/types.ts")).types(io, options),
  );
}

function hours(value: string): number {
  const number = Number(value);
  if (number > 0 && number <= 24 * 365) return number;
  throw new InvalidArgumentError("Hours are a number above 0.");
}
