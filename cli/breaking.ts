// Owns the commands about circuits: breaker list, trip and reset.
import { Command } from "commander";
import type { BreakerOptions, SteerOptions } from "./commands/breaker.ts";
import type { Io } from "./io.ts";
import { type Add, examples, output } from "./options.ts";

const FORMS = ["table", "json", "yaml", "name"];

interface Steering {
  readonly name: "trip" | "reset";
  readonly summary: string;
  readonly description: string;
}

const STEERING: readonly Steering[] = [
  {
    name: "trip",
    summary: "hold circuits open by hand",
    description:
      "Holds the circuits of a service open until `heddle breaker reset`: no call reaches the endpoint, no probe either.",
  },
  {
    name: "reset",
    summary: "close circuits",
    description: "Closes the circuits of a service and forgets what they counted.",
  },
];

/** Adds them to the program. */
export function addBreaking(add: Add, io: Io): void {
  const breaker = new Command("breaker")
    .summary("show and steer circuit breakers")
    .description("Shows the circuits of the mesh, and holds them open or closes them by hand.");
  add(
    (program) => {
      breaker.copyInheritedSettings(program);
      program.addCommand(breaker);
      return listed(breaker);
    },
    async (services, options: BreakerOptions) =>
      await (await import("./commands/breaker.ts")).list(io, services, options),
  );
  for (const steering of STEERING)
    add(
      () => steered(breaker, steering),
      async (words, options: SteerOptions) =>
        await (await import("./commands/breaker.ts")).steer(io, steering.name, words, options),
    );
}

const listed = (breaker: Command): Command =>
  breaker
    .command("list")
    .summary("show circuits and how they stand")
    .description("Shows each circuit that has counted a call, and how it stands.")
    .argument("[services...]", "name, name.namespace or namespace/name; default: all")
    .option("-n, --namespace <ns>", "namespace of names that say none", "default")
    .addOption(output(FORMS))
    .addHelpText(
      "after",
      examples(["heddle breaker list", "heddle breaker list reviews payments.shop -o json"]),
    );

const steered = (breaker: Command, { name, summary, description }: Steering): Command =>
  breaker
    .command(name)
    .summary(summary)
    .description(description)
    .argument("<service>", "name, name.namespace or namespace/name")
    .argument("[endpoint]", "id of one endpoint, as `heddle breaker list` shows it; default: all")
    .option("-n, --namespace <ns>", "namespace of a name that says none", "default")
    .option("--scope <name>", "an RPC method or route with circuits of its own")
    .addOption(output(FORMS))
    .addHelpText(
      "after",
      examples([
        `heddle breaker ${name} reviews`,
        `heddle breaker ${name} reviews default/reviews-v2 -o json`,
      ]),
    );
