// The driver of Istio's authorization cases: each suite's policies are imported, compiled, and asked as a Worker's inbound
// chain asks them, under `allow-bound`.
import { translateIstio } from "../../../cli/import/istio/translate.ts";
import { compile } from "../../../control/compile/compile.ts";
import { decide } from "../../../mesh/algorithms/authorize/decide.ts";
import { spreadClaims, WORD_CLAIMS } from "../../../mesh/algorithms/authorize/claims.ts";
import { policyHost, policyPath } from "../../../mesh/algorithms/authorize/path.ts";
import { scopeAt } from "../../../mesh/algorithms/authorize/scope-at.ts";
import type { PolicyChunk, PolicyScope } from "../../../mesh/contract/policy.ts";
import { toStored } from "../../golden/stored.ts";
import type { Driver } from "../driver.ts";
import { type Check, toFileResult } from "../meshsem/check.ts";
import { readings } from "./backend.ts";
import { seenByWorker } from "./differences.ts";

type Labels = Readonly<Record<string, string>>;
interface Request {
  readonly from: {
    readonly principal?: string;
    readonly trust_domain?: string;
    readonly namespace?: string;
    readonly ip?: string;
  };
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly headers?: Labels | readonly (readonly [string, string])[];
  readonly jwt?: Readonly<Record<string, unknown>>;
  readonly port?: number;
  readonly remote_ip?: string;
}
interface AuthzCase {
  readonly id: string;
  readonly request: Request;
  readonly verdict: "allow" | "deny" | "reject" | "either" | "must-not-leak";
  readonly encoder?: string;
  readonly target_labels?: Labels;
}
interface Suite {
  readonly id: string;
  readonly policies: readonly {
    readonly name: string;
    readonly namespace: string;
    readonly spec: unknown;
  }[];
  readonly target: {
    readonly namespace: string;
    readonly service: string;
    readonly labels: Labels;
    readonly port: number;
    readonly ip?: string;
  };
  readonly root_namespace?: string;
  readonly trust_domain_aliases?: readonly string[];
  readonly space_delimited_claims?: readonly string[];
  readonly cases: readonly AuthzCase[];
}

const TRUST_DOMAIN = "cluster.local";

/** Runs the files of schema `meshauthz/1`. */
export const authorization: Driver = (files, context) =>
  Promise.resolve(
    files.map((file) => {
      const began = Date.now();
      const suites = file.document["suites"] as readonly Suite[];
      const result = toFileResult(file, suites.flatMap(checksOf), began);
      context.done(result);
      return result;
    }),
  );

/** The cases of one suite. */
export const checksOf = (suite: Suite): Check[] =>
  suite.cases.map((one) => {
    const got = outcomeOf(suite, one);
    const holds = isWanted(one, got);
    const what = `expected ${one.verdict}, got ${got.verdict}${got.path === null ? "" : ` of ${got.path}`}`;
    return {
      title: `${suite.id} ${one.id}`,
      detail: holds ? [] : [what],
      reported: one.verdict === "either",
    };
  });

interface Got {
  readonly verdict: "allow" | "deny" | "reject";
  /** What the handler would see. */
  readonly path: string | null;
}

/** `//` inside a template that takes it is refused all the same: docs/paths.md, "empty segment". */
const isStricter = ({ request, verdict }: AuthzCase, got: Got): boolean =>
  verdict === "allow" &&
  got.verdict === "reject" &&
  policyPath(seenByWorker(request.path) ?? "") === null;

function isWanted(one: AuthzCase, got: Got): boolean {
  switch (one.verdict) {
    case "must-not-leak":
      return (
        got.path === null || !readings(got.path).some((path) => path === "/private/secret.html")
      );
    case "either":
      return true;
    case "deny":
      return got.verdict !== "allow";
    case "reject":
      return got.verdict === "reject";
    case "allow":
      return got.verdict === "allow" || isStricter(one, got);
  }
}

function outcomeOf(suite: Suite, one: AuthzCase): Got {
  const scope = scopeOf(suite, one.target_labels ?? suite.target.labels);
  const seen = seenByWorker(one.request.path);
  if (seen === null) return { verdict: "reject", path: null };
  const path = scope?.paths === true ? policyPath(seen) : seen;
  if (path === null) return { verdict: "reject", path: null };
  const { reason } = decide(scope, askedOf(suite, one.request, path), "allow-bound");
  return reason === null ? { verdict: "allow", path } : { verdict: "deny", path: null };
}

/** Imported, parsed by our own schema, and compiled with a Worker in the target's place. */
function scopeOf(suite: Suite, labels: Labels): PolicyScope | null {
  const { namespace, service } = suite.target;
  const sources = suite.policies.map((policy) => ({
    value: {
      apiVersion: "security.istio.io/v1",
      kind: "AuthorizationPolicy",
      metadata: { name: policy.name, namespace: policy.namespace },
      spec: withWords(policy.spec),
    },
    where: () => "",
  }));
  const { items } = translateIstio(sources, {
    port: 80,
    expires: "2030-01-01T00:00:00Z",
    rootNamespace: suite.root_namespace,
    trustDomains: [TRUST_DOMAIN, ...(suite.trust_domain_aliases ?? [])],
  });
  const workload = { kind: "Workload", workload: `${namespace}/${service}`, labels, woven: true };
  const resources = [
    toStored({
      apiVersion: "heddle.dev/v1",
      kind: "Mesh",
      metadata: { name: "mesh" },
      spec: { trustDomain: TRUST_DOMAIN },
    }),
    ...[...items, workload].map((item) => toStored(item as Parameters<typeof toStored>[0])),
  ];
  const { directory, chunks } = compile({ resources, version: 1, previous: 0, nowMs: 0 });
  const at = Object.keys(directory.chunks).indexOf(`policy:${namespace}/${service}`);
  if (at < 0) return null;
  return scopeAt(JSON.parse(new TextDecoder().decode(chunks[at])) as PolicyChunk, "");
}

const isWord = (principal: string): boolean => /^[a-z0-9-]+$/.test(principal);

/** A principal that is a word, which no identity is, stands for a workload of that name. */
function principalOf({ principal = "", trust_domain: td, namespace }: Request["from"]): string {
  return isWord(principal) ? `${td}/ns/${namespace}/sa/${principal}` : principal;
}

/** The same where policies name them. */
const withWords = (spec: unknown): unknown =>
  JSON.parse(JSON.stringify(spec), (key, value: unknown) =>
    /^(?:not)?principals$/i.test(key) && Array.isArray(value)
      ? value.map((one: string) => (isWord(one) ? `*/ns/*/sa/${one}` : one))
      : value,
  ) as unknown;

function askedOf(suite: Suite, request: Request, path: string): Parameters<typeof decide>[1] {
  const { target, space_delimited_claims: words = WORD_CLAIMS } = suite;
  const headers = new Headers(request.headers as HeadersInit | undefined);
  const { ip } = request.from;
  return {
    principal: principalOf(request.from),
    via: "direct",
    rpc: null,
    method: request.method,
    host: policyHost(request.host),
    port: String(request.port ?? target.port),
    path,
    header: (name) => headers.get(name),
    claims: request.jwt === undefined ? null : spreadClaims(request.jwt, words),
    sourceIp: ip,
    remoteIp: request.remote_ip ?? ip,
    destinationIp: target.ip,
  };
}
