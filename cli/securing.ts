// Owns the commands about who may do what: policy, identity, token, audit.
import { Argument, Command, Option } from "commander";
import type { InspectOptions, RevokeOptions, RotateOptions } from "./commands/identity.ts";
import type { CheckOptions, ListOptions } from "./commands/policy.ts";
import type { AuditOptions, TokenOptions } from "./commands/token.ts";
import type { Io } from "./io.ts";
import { type Add, examples, output } from "./options.ts";

const FORMS = ["table", "json", "yaml", "name"];

/** Adds them to the program. */
export function addSecuring(add: Add, io: Io): void {
  addPolicy(add, io);
  addIdentity(add, io);
  addTokens(add, io);
}

function addPolicy(add: Add, io: Io): void {
  const policy = new Command("policy")
    .summary("show what authorization policies say")
    .description("Shows what the published authorization policies say.");
  add(
    (program) => checkCommand(under(program, policy)),
    async (words, options: CheckOptions) =>
      await (await import("./commands/policy.ts")).check(io, words, options),
  );
  add(
    () =>
      listed(policy.command("list").summary("show policies and what they select"), [
        "heddle policy list -A",
        "heddle policy list -n shop -o json",
      ]),
    async (words, options: ListOptions) =>
      await (await import("./commands/policy.ts")).list(io, words, options),
  );
  add(
    () =>
      listed(policy.command("matrix").summary("show who may call whom: all, some or none"), [
        "heddle policy matrix",
        "heddle policy matrix -A -o json",
      ]),
    async (words, options: ListOptions) =>
      await (await import("./commands/policy.ts")).matrix(io, words, options),
  );
}

/** Puts a group of commands into the program, once. */
function under(program: Command, group: Command): Command {
  group.copyInheritedSettings(program);
  program.addCommand(group);
  return group;
}

const checkCommand = (policy: Command): Command =>
  policy
    .command("check")
    .summary("say whether a call would be let in, and which policy decides")
    .description(
      "Asks the policies of the published table about one call; exits 3 where an endpoint denies it.",
    )
    .argument("<from>", "caller: name, name.namespace, SPIFFE id, or `outside` for no identity")
    .argument("<to>", "service: name, name.namespace or namespace/name")
    .option("-n, --namespace <ns>", "namespace of names that say none", "default")
    .option("-X, --method <method>", "HTTP method (GET)")
    .option("--path <path>", "path as it is sent (/)")
    .option("--host <host>", "host as it is sent")
    .option("--header <name: value>", "may be given several times", collect)
    .option("--rpc <Entrypoint.method>", "an RPC method instead")
    .addOption(new Option("--via <way>", "how the call comes").choices(["relay"]))
    .addOption(output(FORMS))
    .addHelpText(
      "after",
      examples([
        "heddle policy check front cart -X POST --path /items",
        "heddle policy check cart payments --rpc Payments.charge",
        "heddle policy check outside front --path /admin -o json",
      ]),
    );

const listed = (command: Command, lines: readonly string[]): Command =>
  command
    .option("-n, --namespace <ns>", "namespace", "default")
    .option("-A, --all-namespaces", "of every namespace")
    .addOption(output(FORMS))
    .addHelpText("after", examples(lines));

const collect = (value: string, previous: readonly string[] | undefined): readonly string[] => [
  ...(previous ?? []),
  value,
];

type IdentityOptions = InspectOptions & RotateOptions & RevokeOptions;

function addIdentity(add: Add, io: Io): void {
  const identity = new Command("identity")
    .summary("show, rotate and revoke keys and identities")
    .description("Shows, rotates and revokes keys and identities.");
  type Name = "list" | "inspect" | "rotate" | "revoke";
  const run = (name: Name) => async (words: string[], options: IdentityOptions) =>
    await (await import("./commands/identity.ts"))[name](io, words, options);
  const workloadOf = (command: Command): Command =>
    command.option("-n, --namespace <ns>", "namespace of names that say none", "default");
  add(
    (program) =>
      shown(under(program, identity).command("list").summary("show keys and revocations"), [
        "heddle identity list",
        "heddle identity list -o json",
      ]),
    run("list"),
  );
  add(
    () =>
      workloadOf(
        shown(
          identity
            .command("inspect")
            .summary("show what a workload is given; exits 3 where it is unknown or revoked")
            .argument("<workload>", "name, name.namespace or namespace/name"),
          ["heddle identity inspect cart", "heddle identity inspect cart.shop -o json"],
        ),
      ),
    run("inspect"),
  );
  add(
    () =>
      shown(
        identity
          .command("rotate")
          .summary("let a new key take over; earlier ones stay good until their end")
          .addArgument(new Argument("<purpose>", "which key").choices(["token", "seed", "table"]))
          .option("--now", "at once, though verifiers may not know it yet"),
        ["heddle identity rotate token", "heddle identity rotate seed -o json"],
      ),
    run("rotate"),
  );
  add(() => workloadOf(revokeCommand(identity)), run("revoke"));
}

const revokeCommand = (identity: Command): Command =>
  shown(
    identity
      .command("revoke")
      .summary("revoke a workload, a version of it, a key, or a workload's calls to another")
      .argument(
        "<what>",
        "workload, its SPIFFE id if it is of another mesh, or with --key a key id",
      )
      .option("--key", "it is a key id")
      .option("--tag <tag>", "only the version woven with this tag")
      .option("--to <workload>", "only its calls to this one")
      .option("--session", "with --to: only until today's keys have ended, 24 h"),
    [
      "heddle identity revoke cart",
      "heddle identity revoke cart --tag v41",
      "heddle identity revoke cart --to payments",
      "heddle identity revoke spiffe://partner.example/ns/pay/sa/till",
      "heddle identity revoke --key s1",
    ],
  );

function addTokens(add: Add, io: Io): void {
  const token = new Command("token")
    .summary("say who may speak to control")
    .description("Makes, shows and ends tokens of control, each with a role.");
  const module = async () => await import("./commands/token.ts");
  add(
    (program) =>
      shown(
        under(program, token)
          .command("create")
          .summary("make a token; it is printed this once")
          .argument("<name>", "what it is called in the audit trail")
          .addOption(
            new Option("--role <role>", "what it may do")
              .choices(["read", "operate", "admin"])
              .default("read"),
          )
          .option("--days <n>", "how long it is good", "90"),
        ["heddle token create ci --role operate", "heddle token create board --days 365 -o name"],
      ),
    async (words, options: TokenOptions) => await (await module()).create(io, words, options),
  );
  add(
    () =>
      shown(token.command("list").summary("show tokens"), [
        "heddle token list",
        "heddle token list -o json",
      ]),
    async (words, options: TokenOptions) => await (await module()).list(io, words, options),
  );
  add(
    () =>
      shown(token.command("delete").summary("end a token").argument("<name>", "its name"), [
        "heddle token delete ci",
        "heddle token delete ci -o json",
      ]),
    async (words, options: TokenOptions) => await (await module()).remove(io, words, options),
  );
  add(
    (program) =>
      shown(
        program
          .command("audit")
          .summary("show who changed what, newest first")
          .option("--limit <n>", "at most so many, 1 to 1000", "100"),
        ["heddle audit", "heddle audit --limit 10 -o json"],
      ),
    async (words, options: AuditOptions) => await (await module()).audit(io, words, options),
  );
}

const shown = (command: Command, lines: readonly string[]): Command =>
  command.addOption(output(FORMS)).addHelpText("after", examples(lines));
