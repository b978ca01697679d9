// Owns `heddle policy`: what the published policies say of a call, which there are, and who may call whom.
import { decide, decideShadow, type Decision } from "../../mesh/algorithms/authorize/decide.ts";
import type { Asked } from "../../mesh/algorithms/authorize/holds.ts";
import { outline } from "../../mesh/algorithms/authorize/outline.ts";
import { policyPath } from "../../mesh/algorithms/authorize/path.ts";
import { scopeAt } from "../../mesh/algorithms/authorize/scope-at.ts";
import type { PolicyScope } from "../../mesh/contract/policy.ts";
import { nearest } from "../../mesh/contract/resources/nearest.ts";
import type { StoredResource } from "../../mesh/contract/state.ts";
import type { Endpoint } from "../../mesh/contract/service.ts";
import { listResources } from "../api.ts";
import { CliError, EXIT, type ExitCode } from "../exit.ts";
import type { Io } from "../io.ts";
import { type Form, print } from "../output/print.ts";
import { type Published, readPublished } from "../policy/published.ts";
import { type QuestionOptions, toAsked, toId, toPrincipal } from "../policy/question.ts";
import { findControl } from "./target.ts";

export interface CheckOptions extends QuestionOptions {
  readonly output: Form;
}

interface Verdict {
  readonly endpoint: string;
  readonly allowed: boolean;
  readonly reason: string;
  readonly policy: string;
  /** What it would be were the shadow policies in force; empty where that is the same. */
  readonly shadow: string;
}

/** Says of each endpoint of a service whether it lets a call in, and which policy decides. */
export async function check(
  io: Io,
  [from = "", to = ""]: readonly string[],
  options: CheckOptions,
): Promise<ExitCode> {
  const published = await readPublished(findControl(io));
  const service = toId(to, options.namespace);
  const chunk = published.service(service);
  if (chunk === null) throw unknownService(service, published);
  const principal = toPrincipal(from, options.namespace, published.trustDomain);
  const asked = toAsked(principal, service, options);
  const verdicts = chunk.endpoints.map((endpoint) => judge(endpoint, asked, published));
  await print(io, options.output, {
    data: { from: principal, to: service, endpoints: verdicts },
    rows: [
      ["ENDPOINT", "VERDICT", "REASON", "POLICY", "SHADOW"],
      ...verdicts.map((one) =>
        [one.endpoint, one.allowed ? "allowed" : "denied", one.reason, one.policy, one.shadow].map(
          (cell) => cell || "-",
        ),
      ),
    ],
    names: verdicts.filter(({ allowed }) => allowed).map(({ endpoint }) => endpoint),
  });
  return verdicts.every(({ allowed }) => allowed) ? EXIT.ok : EXIT.unmet;
}

function judge(endpoint: Endpoint, asked: Asked, published: Published): Verdict {
  const { id, worker, entrypoint, plain } = endpoint;
  const none = { endpoint: id, allowed: true, policy: "", shadow: "" };
  if (worker === undefined) return { ...none, reason: "another host: no policy is asked" };
  if (plain === true) return { ...none, reason: "not woven: no policy is asked" };
  const scope = scopeOf(published, worker, entrypoint ?? entrypointOf(asked));
  const path = scope?.paths === true && asked.rpc === null ? policyPath(asked.path) : asked.path;
  if (path === null) return { ...none, allowed: false, reason: "ambiguous_path" };
  const read: Asked = { ...asked, path };
  const made = decide(scope, read, published.defaultAction);
  const shadow = scope && decideShadow(scope, read, published.defaultAction, made);
  return {
    endpoint: id,
    allowed: made.reason === null,
    reason: made.reason ?? "",
    policy: made.policy,
    shadow: shadow === null ? "" : wordsOf(shadow),
  };
}

const wordsOf = ({ reason, policy }: Decision): string =>
  `${reason ?? "allowed"}${policy === "" ? "" : ` by ${policy}`}`;

const entrypointOf = ({ rpc }: Asked): string => {
  const name = rpc?.slice(0, rpc.indexOf(".")) ?? "default";
  return name === "default" ? "" : name;
};

function scopeOf(published: Published, worker: string, entrypoint: string): PolicyScope | null {
  const chunk = published.policy(worker);
  return chunk && scopeAt(chunk, entrypoint);
}

function unknownService(service: string, { services }: Published): CliError {
  const guess = nearest(service, services);
  return new CliError(EXIT.failed, {
    message: `there is no service ${service}${guess === null ? "" : `, did you mean ${guess}?`}`,
    mend: "`heddle get services -A` lists those that have a resource.",
  });
}

export interface ListOptions {
  readonly namespace: string;
  readonly allNamespaces?: boolean;
  readonly output: Form;
}

/** Shows policies with what they select. */
export async function list(
  io: Io,
  _words: readonly string[],
  options: ListOptions,
): Promise<ExitCode> {
  const namespace = options.allNamespaces ? undefined : options.namespace;
  const found = await listResources(findControl(io), "AuthorizationPolicy", namespace);
  const rows = found.map((policy) => [
    `${policy.metadata.namespace}/${policy.metadata.name}`,
    String(policy.spec["action"]),
    String(policy.spec["mode"]),
    String(lengthOf(policy.spec["rules"])),
    selectedBy(policy).join(",") || "nothing",
  ]);
  await print(io, options.output, {
    data: { items: found },
    rows: [["POLICY", "ACTION", "MODE", "RULES", "SELECTS"], ...rows],
    names: found.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`),
  });
  return EXIT.ok;
}

const lengthOf = (value: unknown): number => (Array.isArray(value) ? value.length : 0);
const selectedBy = ({ status }: StoredResource): readonly string[] => {
  const selected = status?.["selected"];
  return Array.isArray(selected) ? (selected as readonly string[]) : [];
};

/** Shows who may call whom: all, some or none of what a service offers. */
export async function matrix(
  io: Io,
  _words: readonly string[],
  options: ListOptions,
): Promise<ExitCode> {
  const published = await readPublished(findControl(io));
  const namespace = `${options.namespace}/`;
  const isShown = (id: string): boolean =>
    options.allNamespaces === true || id.startsWith(namespace);
  const services = published.services.filter(isShown);
  const cells = services.map((from) => {
    const principal = toPrincipal(from, options.namespace, published.trustDomain);
    const row = services.map((to) => [to, outlineOf(published, principal, to)] as const);
    return { from, to: Object.fromEntries(row) };
  });
  await print(io, options.output, {
    data: { defaultAction: published.defaultAction, callers: cells },
    rows: [
      ["FROM \\ TO", ...services],
      ...cells.map(({ from, to }) => [from, ...services.map((name) => to[name] ?? "-")]),
    ],
    names: cells.flatMap(({ from, to }) =>
      services.filter((name) => to[name] !== "none").map((name) => `${from} ${name}`),
    ),
  });
  return EXIT.ok;
}

/** Of several endpoints or entrypoints: `some` unless all say the same. */
function outlineOf(published: Published, principal: string, to: string): string {
  const verdicts = (published.service(to)?.endpoints ?? []).flatMap(({ worker, entrypoint }) => {
    if (worker === undefined) return ["all"];
    const chunk = published.policy(worker);
    const names =
      entrypoint === undefined ? Object.keys(chunk?.entrypoints ?? { "*": null }) : [entrypoint];
    return names.map((name) =>
      outline(chunk && scopeAt(chunk, name), { principal, via: "direct" }, published.defaultAction),
    );
  });
  return new Set(verdicts).size > 1 ? "some" : (verdicts[0] ?? "none");
}
