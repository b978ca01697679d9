// Owns `heddle route test`: which rule takes a request, and why no other one does.
import { loadInput } from "../analyze/load.ts";
import { CliError, EXIT, type ExitCode } from "../exit.ts";
import type { Io } from "../io.ts";
import { print } from "../output/print.ts";
import { type Answer, decide, nameOf, type Question } from "../route/decide.ts";
import { tablesOfFiles, tablesOfMesh } from "../route/tables.ts";
import { findControl } from "./target.ts";

export interface RouteTestOptions {
  readonly header?: readonly string[];
  readonly from?: string;
  readonly to?: string;
  readonly gateway?: string;
  readonly filename?: readonly string[];
  readonly project: string;
  readonly output: "table" | "json";
}

/** Prints what becomes of a request; ends with 3 when no rule and no service takes it. */
export async function testRoute(
  io: Io,
  [, method = "", url = ""]: readonly string[],
  options: RouteTestOptions,
): Promise<ExitCode> {
  const question = toQuestion(method, url, options);
  const tables =
    options.filename === undefined
      ? await tablesOfMesh(findControl(io))
      : tablesOfFiles({ ...(await loadInput(io, options)), nowMs: Date.now() });
  const answer = decide(tables, question);
  await print(io, options.output, {
    data: {
      method: question.method,
      url,
      from: question.from,
      source: tables.source,
      ...answer,
    },
    rows: linesOf(answer).map((line) => [line]),
    names: [answer.rule ? nameOf(answer.rule) : answer.outcome],
  });
  return answer.outcome === "rule" || answer.outcome === "service" ? EXIT.ok : EXIT.unmet;
}

function toQuestion(method: string, url: string, options: RouteTestOptions): Question {
  if (!URL.canParse(url) || !/^https?:/.test(url))
    throw usage(`${url} is no URL`, "Write it whole, such as http://shop.example/reviews/7.");
  const parsed = new URL(url);
  const [, rest = ""] = /^https?:\/\/[^/?#]*([^#]*)/.exec(url) ?? [];
  const mark = rest.indexOf("?");
  const path = mark < 0 ? rest : rest.slice(0, mark);
  return {
    method: method.toUpperCase(),
    url: parsed,
    path: path === "" ? "/" : path,
    query: mark < 0 ? "" : rest.slice(mark + 1),
    headers: Object.fromEntries((options.header ?? []).map(toHeader)),
    from: options.from === undefined ? null : qualified(options.from),
    to: serviceOf(parsed.hostname, options),
    came: cameBy(parsed, options.gateway),
  };
}

function toHeader(text: string): [name: string, value: string] {
  const colon = text.indexOf(":");
  if (colon < 1) throw usage(`${text} is no header`, "Write 'name: value'.");
  return [text.slice(0, colon).trim().toLowerCase(), text.slice(colon + 1).trim()];
}

/** The service a Worker calls: named, or the URL's host as `name` or `name.namespace`. */
function serviceOf(host: string, { from = "", to }: RouteTestOptions): string {
  if (to !== undefined) return qualified(to);
  const [own = "default"] = qualified(from).split("/");
  const [name = "", namespace = own] = host.split(".");
  return `${namespace}/${name}`;
}

const qualified = (name: string): string => (name.includes("/") ? name : `default/${name}`);

/** With a Gateway named, only its listeners of the URL's port are asked. */
function cameBy({ port, protocol }: URL, gateway: string | undefined): Question["came"] {
  if (gateway === undefined) return null;
  const number = port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);
  return { gateway: qualified(gateway), listener: "", port: number };
}

const OUTCOMES: Readonly<Record<Answer["outcome"], string>> = {
  rule: "",
  service: "no route is attached: the service takes the call itself",
  no_route: "no rule matches: 404",
  unknown_service: "there is no such service: 503",
  no_port: "the service has no such port: 503",
};

function linesOf({ outcome, rule, steps }: Answer): readonly string[] {
  const lines = steps.flatMap(({ place, considered }) => [
    place,
    ...considered.map(({ path, name, lacks }) =>
      lacks === null ? `  √ ${path}  ${name}` : `  × ${path}  ${name}: ${lacks}`,
    ),
    ...(considered.length === 0 ? ["  × no path of it matches"] : []),
  ]);
  if (rule === null) return [...lines, OUTCOMES[outcome]];
  const total = rule.backends.reduce((sum, { weight }) => sum + weight, 0);
  return [
    ...lines,
    `${nameOf(rule)} wins`,
    ...(rule.transform?.redirect ? [`  redirects with ${rule.transform.redirect.status}`] : []),
    ...(rule.transform?.answer ? [`  answers ${rule.transform.answer.status} itself`] : []),
    ...rule.backends.map(
      ({ service, port, weight, invalid }) =>
        `  → ${service}${port === null ? "" : `:${port}`} ${percent(weight, total)}${invalid ? ", which does not resolve: 500" : ""}`,
    ),
  ];
}

const percent = (weight: number, total: number): string =>
  total === 0 ? "0 %" : `${Math.round((weight / total) * 10_000) / 100} %`;

const usage = (message: string, mend: string): CliError =>
  new CliError(EXIT.usage, { message, mend });
