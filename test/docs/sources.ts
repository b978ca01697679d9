// Owns what each `<!-- from code: SOURCE -->` of the docs stands for: the rows its table must hold, read from the code.
import { readFileSync } from "node:fs";
import { CHECKS } from "../../cli/analyze/check.ts";
import { EXIT } from "../../cli/exit.ts";
import { runCli } from "../../cli/program.ts";
import { REFUSALS } from "../../cli/weave/refusal.ts";
import { readFault } from "../../cli/dev/fault-request.ts";
import { OPERATIONS } from "../../control/api.ts";
import { STEPS as circuitBreakerSteps } from "../../durable-objects/circuit-breaker/schema.ts";
import { STEPS as configStoreSteps } from "../../durable-objects/config-store/schema.ts";
import { STEPS as issuerSteps } from "../../durable-objects/issuer/schema.ts";
import { STEPS as registrySteps } from "../../durable-objects/registry/schema.ts";
import { STEPS as telemetrySteps } from "../../durable-objects/telemetry/schema.ts";
import { edge } from "../../mesh/chains/edge.ts";
import { inbound } from "../../mesh/chains/inbound.ts";
import { outbound } from "../../mesh/chains/outbound.ts";
import { DEFAULTS } from "../../mesh/contract/defaults.ts";
import * as headers from "../../mesh/contract/headers.ts";
import { CONTEXT_FORMAT } from "../../mesh/contract/context.ts";
import { IDENTITY_LEVELS, PROOF_FORMAT } from "../../mesh/contract/identity.ts";
import { JOIN_FORMAT } from "../../mesh/contract/join.ts";
import { PULSE_FORMAT } from "../../mesh/contract/pulse.ts";
import { REASONS, titleOf, type Reason } from "../../mesh/contract/reasons.ts";
import { BYPASS_FEATURES, MESH_VERSION, TABLE_FORMAT } from "../../mesh/contract/table.ts";
import { LOG_FIELDS, METRICS, SPAN_ATTRIBUTES } from "../../mesh/contract/telemetry.ts";
import { BINDINGS, WIRING_FORMAT } from "../../mesh/contract/wiring.ts";
import { WRAP_FORMAT } from "../../mesh/identity/seed.ts";
import { answers, reasons } from "./outcomes.ts";
import { readInterface } from "./interfaces.ts";
import { code, type Expected } from "./markdown.ts";
import { contextOrder, macOrder, proofOrder } from "./wire-order.ts";

const root = new URL("../../", import.meta.url);

interface NamedChain {
  readonly filters: readonly {
    readonly name: string;
    readonly doc: string;
    readonly after: readonly string[];
  }[];
}

const FORMATS = {
  CONTEXT_FORMAT,
  PROOF_FORMAT,
  JOIN_FORMAT,
  PULSE_FORMAT,
  TABLE_FORMAT,
  MESH_VERSION,
  WRAP_FORMAT,
  WIRING_FORMAT,
};

const help = await helpText();
const FAULT_TARGETS = [
  "control",
  "kv",
  "pulse",
  "objects",
  "objects:Class",
  "isolate:ns/worker",
  "isolate:*",
];

/** Sources without an argument, by name. */
const SOURCES: Readonly<Record<string, () => Expected>> = {
  reasons: () => ({
    columns: ["reason", "status", "flag", "Proxy-Status error", "whose", "tried again", "title"],
    rows: Object.entries(REASONS).map(([name, entry]) => [
      code(name),
      entry.status === 0 ? "none" : String(entry.status),
      entry.flag === "-" ? "none" : code(entry.flag),
      code(entry.proxyStatus),
      entry.origin === "local" ? "ours" : "theirs",
      entry.retryable ? "yes" : "no",
      titleOf(name as Reason),
    ]),
  }),
  "chain outbound": () => chain(outbound),
  "chain inbound": () => chain(inbound),
  "chain edge": () => chain(edge),
  headers: () => ({
    columns: ["name"],
    rows: Object.values(headers)
      .filter((name) => /^[a-z-]+$/.test(name))
      .toSorted()
      .map((name) => [code(name)]),
  }),
  bindings: () => ({
    columns: ["binding"],
    rows: Object.values(BINDINGS).map((name) => [code(name)]),
  }),
  defaults: () => ({
    columns: ["default", "value"],
    rows: flatten("", DEFAULTS).map(([path, value]) => [code(path), code(value)]),
  }),
  levels: () => list("level", IDENTITY_LEVELS),
  bypass: () => list("feature", BYPASS_FEATURES),
  metrics: () => list("metric", Object.values(METRICS)),
  "span attributes": () => list("attribute", Object.values(SPAN_ATTRIBUTES)),
  "log fields": () => list("field", Object.values(LOG_FIELDS)),
  api: () => ({
    columns: ["operation", "what it does"],
    rows: Object.values(OPERATIONS).map(({ method, path, summary }) => [
      code(`${method.toUpperCase()} ${path}`),
      summary,
    ]),
  }),
  "sql ConfigStore": () => sqlTables(configStoreSteps),
  "sql Issuer": () => sqlTables(issuerSteps),
  "sql Registry": () => sqlTables(registrySteps),
  "sql Telemetry": () => sqlTables(telemetrySteps),
  "sql CircuitBreaker": () => sqlTables(circuitBreakerSteps),
  outcomes: () => ({
    columns: ["outcome", "over fetch", "over RPC"],
    rows: [...answers(), ...reasons()],
  }),
  "context order": () => numbered("field", contextOrder()),
  "proof order session": () => numbered("field", proofOrder("session")),
  "mac session": () => numbered("part", macOrder("session")),
  "mac request": () => numbered("part", macOrder("request")),
  "mac answer": () => numbered("part", macOrder("answer")),
  formats: () => ({
    columns: ["constant", "value"],
    rows: Object.entries(FORMATS).map(([name, value]) => [code(name), code(value)]),
  }),
  "proof order request": () => numbered("field", proofOrder("request")),
  "exit codes": () => ({
    columns: ["code", "name"],
    rows: Object.entries(EXIT).map(([name, value]) => [code(value), name]),
  }),
  checks: () => ({
    columns: ["code", "severity", "what is wrong"],
    rows: Object.entries(CHECKS).map(([name, { severity, title }]) => [
      code(name),
      severity,
      title,
    ]),
  }),
  refusals: () => ({
    columns: ["code", "the Worker cannot be woven since", "what to do"],
    rows: Object.entries(REFUSALS).map(([name, { what, mend }]) => [code(name), what, mend]),
  }),
  commands: () => ({
    columns: ["command", "what it does"],
    rows: [...help.matchAll(/^  (\w+)(?: (?:\[|<).*?)?  +(\S.*)$/gm)].map(
      ([, name = "", summary = ""]) => [code(`heddle ${name}`), summary],
    ),
  }),
  faults: () => ({
    columns: ["target", "modes"],
    rows: FAULT_TARGETS.map((target) => [code(target), allowedModes(target)]),
  }),
};

/** What a table of this source must hold; throws for a source that is not known. */
export function expectedOf(source: string): Expected {
  const known = SOURCES[source];
  if (known !== undefined) return known();
  const [kind, file = "", name = ""] = source.split(" ");
  if (kind === "interface") return interfaceTable(file, name);
  if (kind === "constants") return constantsTable(file);
  throw new Error(`the docs name a source that is not known: ${source}`);
}

/** What `heddle --help` prints. */
async function helpText(): Promise<string> {
  let text = "";
  await runCli(["--help"], {
    out: (data) => {
      text += data;
    },
    err: () => undefined,
    stdin: () => Promise.resolve(""),
    env: {},
    cwd: root.pathname,
    hasColor: false,
    onStop: () => undefined,
  });
  return text;
}

/** What is said to be allowed when a mode is asked for that is not. */
function allowedModes(target: string): string {
  const reading = readFault(
    { target, mode: "none" },
    { classes: ["Class"], workloads: ["ns/worker"] },
  );
  const modes = reading.ok ? "" : (/allowed: (.+)$/.exec(reading.message)?.[1] ?? "");
  return modes.split(", ").map(code).join(", ");
}

function chain({ filters }: NamedChain): Expected {
  const rows = filters.map(({ name, doc }, index) => [String(index + 1), code(name), doc]);
  return { columns: ["#", "filter", "what it does, and why it stands there"], rows };
}

const list = (column: string, names: readonly string[]): Expected => ({
  columns: [column],
  rows: names.map((name) => [code(name)]),
});

const numbered = (column: string, names: readonly string[]): Expected => ({
  columns: ["#", column],
  rows: names.map((name, index) => [String(index + 1), code(name)]),
});

function interfaceTable(file: string, name: string): Expected {
  const members = readInterface(readFileSync(new URL(file, root), "utf8"), name);
  return {
    columns: ["field", "type"],
    rows: members.map((member) => [
      code(`${member.name}${member.isOptional ? "?" : ""}`),
      code(member.type),
    ]),
  };
}

/** Exported numbers and texts of a file, without the format versions, which have a table of their own. */
function constantsTable(file: string): Expected {
  const source = readFileSync(new URL(file, root), "utf8");
  const found = source.matchAll(/^export const (\w+)(?:: \w+)? = ([\d_]+|"[^"]*");$/gm);
  return {
    columns: ["constant", "value"],
    rows: [...found]
      .filter(([, name = ""]) => !(name in FORMATS))
      .map(([, name = "", value = ""]) => [code(name), code(plain(value))]),
  };
}

/** Tables and columns that the steps of a schema create. */
function sqlTables(steps: readonly string[]): Expected {
  const created = steps
    .join(";")
    .matchAll(/CREATE TABLE (\w+) \(([\s\S]*?)\)(?: WITHOUT ROWID)?(?:;|$)/g);
  return {
    columns: ["table", "columns"],
    rows: [...created].map(([, name = "", body = ""]) => [
      code(name),
      body
        .split(/,(?![^(]*\))/)
        .map((column) => column.trim().split(" ")[0] ?? "")
        .filter((column) => column !== "PRIMARY")
        .map(code)
        .join(", "),
    ]),
  };
}

const plain = (value: string): string => value.replaceAll("_", "").replaceAll('"', "");

function flatten(prefix: string, value: object): [path: string, value: string][] {
  return Object.entries(value).flatMap(([name, member]: [string, unknown]) => {
    const path = `${prefix}${name}`;
    const isGroup = typeof member === "object" && member !== null && !Array.isArray(member);
    if (isGroup) return flatten(`${path}.`, member);
    return [[path, Array.isArray(member) ? member.join(", ") : String(member)]];
  });
}

/** Sources that need a table somewhere. */
export const sourceNames: readonly string[] = Object.keys(SOURCES);
