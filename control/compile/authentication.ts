// Owns whose tokens of end users each Gateway believes: RequestAuthentications into the policy chunks of Gateways.
import { POLICY_CHUNK, type PolicyChunk, type UserIssuer } from "../../mesh/contract/policy.ts";
import type {
  JwtRule,
  RequestAuthenticationSpec,
} from "../../mesh/contract/resources/request-authentication.ts";
import { publicKeys, statusOf } from "../jwks/stored.ts";
import { type Finding, fails, holds, toConditions } from "../status/conditions.ts";
import type { StatusWrite } from "../status/statuses.ts";
import type { Inventory, Known } from "./inventory.ts";

type Authentication = Known<RequestAuthenticationSpec>;

/** The policy chunks of Gateways with issuers, policies that select them included; and every status. */
export function compileAuthentication(
  inventory: Inventory,
  policies: ReadonlyMap<string, PolicyChunk>,
  nowMs: number,
): {
  readonly chunks: ReadonlyMap<string, PolicyChunk>;
  readonly statuses: readonly StatusWrite[];
} {
  const chunks = new Map<string, PolicyChunk>();
  const gateways = new Set(inventory.gateways.map(({ id }) => id));
  const statuses = inventory.authentications.map((authentication) => {
    const targets = authentication.spec.targetRefs.map(
      ({ name }) => `${authentication.namespace}/${name}`,
    );
    const users = authentication.spec.jwtRules.map((rule) =>
      toIssuer(rule, keysOf(rule, authentication, inventory)),
    );
    for (const gateway of targets.filter((id) => gateways.has(id))) {
      const id = `${POLICY_CHUNK}gateway:${gateway}`;
      const before = chunks.get(id) ?? policies.get(id) ?? { entrypoints: {} };
      chunks.set(id, { ...before, users: [...(before.users ?? []), ...users] });
    }
    const missing = targets.filter((id) => !gateways.has(id));
    return statusWrite(
      authentication,
      findingsOf(authentication, missing, users, inventory),
      nowMs,
    );
  });
  return { chunks, statuses };
}

const toIssuer = (
  { issuer, audiences, outputClaimToHeaders = [], forwardOriginalToken }: JwtRule,
  keys: UserIssuer["keys"],
): UserIssuer => ({
  issuer,
  ...(audiences ? { audiences } : {}),
  keys,
  headers: outputClaimToHeaders.map(({ header, claim }) => ({
    name: header,
    claim: claim.split("."),
  })),
  forwards: forwardOriginalToken,
});

/** Without a key no token of the issuer is believed. */
const keysOf = (
  { jwks, jwksUri = "" }: JwtRule,
  { id }: Authentication,
  { userKeys }: Inventory,
): UserIssuer["keys"] =>
  (publicKeys(jwks) ?? userKeys.get(id)?.spec.sets[jwksUri] ?? []) as unknown as UserIssuer["keys"];

function findingsOf(
  authentication: Authentication,
  missing: readonly string[],
  users: readonly UserIssuer[],
  inventory: Inventory,
): Finding[] {
  const isPending = isAwaited(authentication, inventory);
  return [
    holds("Accepted", `The ${authentication.stored.kind} is accepted.`),
    missing.length > 0
      ? fails("ResolvedRefs", "TargetNotFound", `Not there: ${missing.join(", ")}.`)
      : holds("ResolvedRefs", "Every target exists."),
    ...(isPending
      ? [pending("KeysFetched"), pending("Programmed")]
      : [fetched(authentication, inventory), programmed(users)]),
  ];
}

/** Control asks right after it was applied. */
const isAwaited = ({ id, spec }: Authentication, { userKeys }: Inventory): boolean => {
  const held = userKeys.get(id);
  const known = { ...held?.spec.sets, ...(held && statusOf(held.stored).errors) };
  return spec.jwtRules.some(({ jwksUri: url }) => url !== undefined && !Object.hasOwn(known, url));
};

const pending = (type: string): Finding => ({
  type,
  status: "Unknown",
  reason: "Pending",
  message: "The keys were not asked for yet.",
});

function fetched({ id }: Authentication, { userKeys }: Inventory): Finding {
  const held = userKeys.get(id);
  const errors = Object.entries(held ? statusOf(held.stored).errors : {});
  return errors.length > 0
    ? fails("KeysFetched", "FetchFailed", errors.map((words) => words.join(": ")).join("; "))
    : holds("KeysFetched", "The keys are the newest there are.");
}

function programmed(users: readonly UserIssuer[]): Finding {
  const keyless = users.filter(({ keys }) => keys.length === 0).map(({ issuer }) => issuer);
  return keyless.length > 0
    ? fails("Programmed", "NoKeys", `No token is believed of ${keyless.join(", ")}.`)
    : holds("Programmed", "The issuers and their keys are in the published table.");
}

function statusWrite(
  { stored: { kind, metadata, status } }: Authentication,
  findings: readonly Finding[],
  nowMs: number,
): StatusWrite {
  const { namespace, name, generation } = metadata;
  const conditions = toConditions(findings, status?.["conditions"], { generation, nowMs });
  return { kind, namespace, name, generation, status: { conditions } };
}
