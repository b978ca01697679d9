// Owns keeping the keys behind RequestAuthentications: fetched when one is applied and every five minutes after, looked
// at once a minute. The last good ones stay; what changes is published like any other change.
import { requestAuthenticationSpecSchema } from "../../mesh/contract/resources/request-authentication.ts";
import type { ResourceWrite, StoredResource } from "../../mesh/contract/state.ts";
import type { Control } from "../control.ts";
import { change } from "../pipeline.ts";
import type { StatusWrite } from "../status/statuses.ts";
import type { Refreshed } from "../trust/refresh.ts";
import { fetchKeys } from "./fetch.ts";
import {
  type UserKeysSpec,
  statusOf,
  USER_KEYS_API,
  USER_KEYS_KIND,
  userKeysSpecSchema,
} from "./stored.ts";

const EVERY_MS = 300_000;
const AGAIN_MS = 30_000;
const BY = "control";

interface Looked {
  readonly namespace: string;
  readonly name: string;
  readonly spec: UserKeysSpec;
  readonly errors: Readonly<Record<string, string>>;
  readonly before: StoredResource | undefined;
}

const idOf = ({ metadata }: StoredResource): string => `${metadata.namespace}/${metadata.name}`;

/** Fetches the keys that are due, and those of these `namespace/name`. */
export async function refreshKeys(
  control: Control,
  asked: readonly string[] = [],
): Promise<Refreshed> {
  const { store, clock } = control;
  const rules = await store.list("RequestAuthentication");
  const held = await store.list(USER_KEYS_KIND);
  const nowMs = clock.now();
  const looked = await Promise.all(
    rules.map((rule) => {
      const before = held.find((one) => idOf(one) === idOf(rule));
      return lookAt(control, rule, before, asked.includes(idOf(rule)));
    }),
  );
  const fresh = looked.filter((one) => one !== null);
  const gone = held.filter(
    (one) => !rules.some((rule) => idOf(rule) === idOf(one) && urlsOf(rule).length > 0),
  );
  const writes = [
    ...fresh
      .filter(({ spec, before }) => JSON.stringify(setsOf(before)) !== JSON.stringify(spec.sets))
      .map(({ namespace, name, spec }) => write("put", namespace, name, spec)),
    ...gone.map(({ metadata }) => write("delete", metadata.namespace, metadata.name)),
  ];
  const warnings = fresh.flatMap(({ name, errors }) =>
    Object.entries(errors).map(
      ([url, error]) => `RequestAuthentication ${name}: no keys from ${url}: ${error}.`,
    ),
  );
  const made = writes.length > 0 ? await change({ ...control, by: BY }, writes, false) : null;
  if (fresh.length > 0)
    await store.writeStatuses(fresh.map((one) => statusWrite(one, writes.length > 0, nowMs)));
  return { version: made?.ok ? made.value.version : null, warnings };
}

async function lookAt(
  control: Control,
  rule: StoredResource,
  before: StoredResource | undefined,
  isAsked: boolean,
): Promise<Looked | null> {
  const urls = urlsOf(rule);
  if (urls.length === 0) return null;
  const known = setsOf(before);
  const { triedMs, errors: failed } = before ? statusOf(before) : { triedMs: 0, errors: {} };
  const waitMs = Object.keys(failed).length > 0 ? AGAIN_MS : EVERY_MS;
  const isKnown = urls.every((url) => Object.hasOwn(known, url) || Object.hasOwn(failed, url));
  if (!isAsked && isKnown && control.clock.now() < triedMs + waitMs) return null;
  const sets: [string, UserKeysSpec["sets"][string]][] = [];
  const errors: Record<string, string> = {};
  for (const url of urls) {
    const found = await fetchKeys(control, url);
    if (typeof found === "string") errors[url] = found;
    const keys = typeof found === "string" ? known[url] : found;
    if (keys !== undefined) sets.push([url, keys]);
  }
  const { namespace, name } = rule.metadata;
  return { namespace, name, spec: { sets: Object.fromEntries(sets) }, errors, before };
}

function urlsOf({ spec }: StoredResource): string[] {
  const rules = requestAuthenticationSpecSchema.safeParse(spec).data?.jwtRules ?? [];
  return [...new Set(rules.flatMap(({ jwksUri }) => jwksUri ?? []))].toSorted();
}

/** In the order they are made in: the store gives members back in an order of its own. */
function setsOf(held: StoredResource | undefined): UserKeysSpec["sets"] {
  const sets = userKeysSpecSchema.safeParse(held?.spec).data?.sets ?? {};
  const ordered = Object.keys(sets).toSorted();
  const members = ["kty", "kid", "alg", "use", "crv", "x", "y", "n", "e"];
  const inOrder = (key: Readonly<Record<string, unknown>>): Record<string, unknown> =>
    Object.fromEntries(
      members.filter((name) => Object.hasOwn(key, name)).map((name) => [name, key[name]]),
    );
  return Object.fromEntries(ordered.map((url) => [url, (sets[url] ?? []).map(inOrder)]));
}

const write = (
  op: "put" | "delete",
  namespace: string,
  name: string,
  spec?: UserKeysSpec,
): ResourceWrite => ({
  op,
  apiVersion: USER_KEYS_API,
  kind: USER_KEYS_KIND,
  namespace,
  name,
  ...(spec ? { spec } : {}),
});

function statusWrite(
  { namespace, name, errors, before, spec }: Looked,
  hasWritten: boolean,
  nowMs: number,
): StatusWrite {
  const isOther = hasWritten && JSON.stringify(setsOf(before)) !== JSON.stringify(spec.sets);
  const generation = (before?.metadata.generation ?? (isOther ? 0 : 1)) + (isOther ? 1 : 0);
  return {
    kind: USER_KEYS_KIND,
    namespace,
    name,
    generation,
    status: { triedMs: nowMs, errors },
  };
}
